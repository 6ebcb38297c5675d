"""Live process groups and the multicast to them (design section 5).

Each acceptor incarnation is one process group, and `state_dir/groups/PGID` is held locked by all of
its members: so the room stays one across any number of acceptor restarts. RECV, the reaper and
papayactl announce; only the holder of the pid file's lock makes and removes group files.
"""

import os
import signal
from contextlib import suppress
from os import killpg, listdir
from pathlib import Path

from papayad.system.locks import create_locked, is_held_at

ANNOUNCEMENT = signal.SIGUSR1  # "look again", never a count
_ANNOUNCEMENT = int(ANNOUNCEMENT)


def directory(state_dir: Path) -> Path:
    return state_dir / "groups"


def create(path: Path, sandbox: str = "") -> int:
    """Make the file of the caller's own group; the descriptor is for the clusters to inherit.

    What its clusters' sandbox is made of is written into it, when there is a place for it.
    The caller has to ignore ANNOUNCEMENT already: from now on it gets it.
    """
    descriptor = create_locked(path / str(os.getpgrp()))
    with suppress(OSError):
        os.write(descriptor, f"sandbox={sandbox}\n".encode())
    return descriptor


def sandbox_of(path: Path, group: int) -> str:
    """The mechanisms that the clusters of a group are confined by: "seccomp,landlock", "none"."""
    try:
        return (path / str(group)).read_text().partition("=")[2].strip()
    except OSError:
        return ""


def live(path: Path) -> list[int]:
    """The process groups that have a member, from the locks."""
    return [int(name) for name in os.listdir(path) if name.isdigit() and is_held_at(path / name)]


def remove_free(path: Path) -> None:
    """Remove the files of groups without members; for the holder of the pid file's lock only."""
    for name in os.listdir(path):
        if not is_held_at(path / name):
            (path / name).unlink(missing_ok=True)


def announce(path: str, own: int) -> None:
    """Send ANNOUNCEMENT to every live group, listed anew each time: no cache to be stale.

    `own` is the caller's process group when that is one of the room's, else 0. A group whose lock
    is free is never signalled: its number may be somebody else's by now; nor is group 0 or 1.
    """
    for name in listdir(path):
        if not name.isdigit():
            continue
        group = int(name)
        if group > 1 and (group == own or is_held_at(f"{path}/{name}")):
            try:
                killpg(group, _ANNOUNCEMENT)
            except (ProcessLookupError, PermissionError):
                continue
