"""Live process groups and the multicast to them (design section 5).

Each acceptor makes one process group, and all members of it hold `state_dir/groups/PGID` locked: so
the room stays one across any number of acceptor restarts. RECV, the reaper and papayactl announce;
only the holder of the pid file's lock makes and removes group files.

A number names a process only in its own pid namespace, so the file says which namespace that is. A
process in another one, inside or outside of a container, signals nobody by that number.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from os import close, killpg, listdir, pread
from pathlib import Path

from papayad.system.files import number, open_plain, plain_names, read_plain
from papayad.system.locks import create_locked, is_held, is_held_at

ANNOUNCEMENT = signal.SIGUSR1  # "look again", never a count
_ANNOUNCEMENT = int(ANNOUNCEMENT)

#: RECV and SEND ignore these. No other program ignores all of them, so papayactl recognises a
#: client's process by them.
DEAF_TO = tuple(
    int(one)
    for one in (
        signal.SIGHUP, signal.SIGINT, signal.SIGPIPE,
        signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
    )
)  # fmt: skip
_BYTES_AT_MOST = 1024  # of a group's file
_INODE_DIGITS = 20


@cache
def own_namespace() -> int:
    """The pid namespace of this process, by its inode; 0 where the system has none.

    The acceptor asks before it forks: a client's process does not see /proc.
    """
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0


@cache
def _namespace_line() -> bytes:
    return f"pid_namespace={own_namespace()}\n".encode()


def directory(state_dir: Path) -> Path:
    return state_dir / "groups"


def create(path: Path, sandbox: str = "", without: str = "") -> int:
    """Make the file of the caller's own group; the descriptor is for the clusters to inherit.

    It says the pid namespace, and what the sandbox of its clusters is made of, unless the disk is
    full. The caller has to ignore ANNOUNCEMENT already: from now on it gets that signal.
    """
    descriptor = create_locked(path / str(os.getpgrp()))
    with suppress(OSError):
        lines = f"sandbox={sandbox}\nwithout={without}\n"
        os.write(descriptor, _namespace_line() + lines.encode())
    return descriptor


def sandbox_of(path: Path, group: int) -> str:
    """The mechanisms that confine the clusters of a group: "rlimits,seccomp,landlock7"."""
    return _facts(path / str(group)).get("sandbox", "")


def without_of(path: Path, group: int) -> str:
    """Which half of the sandbox the clusters of a group do without, and why; may be empty."""
    return _facts(path / str(group)).get("without", "")


def namespace_of(path: Path, group: int) -> int:
    """The pid namespace of a group, by its inode; 0 when its file does not say."""
    text = _facts(path / str(group)).get("pid_namespace", "")
    return int(text) if text.isdecimal() and len(text) < _INODE_DIGITS else 0


def numbers(path: Path) -> list[int]:
    """The groups that have a file."""
    return [group for group in map(number, plain_names(path)) if group]


def live(path: Path) -> list[int]:
    """The process groups that have a member, from the locks."""
    return [group for group in numbers(path) if is_held_at(path / str(group))]


def remove_free(path: Path) -> None:
    """Remove the files of groups without members; for the holder of the pid file's lock only."""
    for group in numbers(path):
        if not is_held_at(path / str(group)):
            (path / str(group)).unlink(missing_ok=True)


def _everybody(_: int) -> bool:
    return True


def announce(path: str, own: int, is_meant: Callable[[int], bool] = _everybody) -> None:
    """Send ANNOUNCEMENT to every live group, listed anew each time: no cache to be stale.

    `own` is the caller's process group if it belongs to the room, else 0. A group whose lock is
    free, or that is of another pid namespace, is never signalled: its number may belong to
    somebody else. Nor is group 0 or 1, nor one for which `is_meant` is false.
    """
    for name in listdir(path):
        group = number(name)
        if group > 1 and (group == own or (_is_in_reach(f"{path}/{name}") and is_meant(group))):
            try:
                killpg(group, _ANNOUNCEMENT)
            except (ProcessLookupError, PermissionError):
                continue


def _is_in_reach(path: str) -> bool:
    descriptor = open_plain(path)
    if descriptor < 0:
        return False
    try:
        if not is_held(descriptor):
            return False
        own = _namespace_line()
        return pread(descriptor, len(own), 0) in (own, b"")
    finally:
        close(descriptor)


def _facts(path: Path) -> dict[str, str]:
    content = read_plain(path, _BYTES_AT_MOST) or b""
    lines = content.decode("ascii", "ignore").splitlines()
    return dict(line.partition("=")[::2] for line in lines)
