"""Who holds the log's lock, and does not let go: found, and ended (design section 4).

Run by a child of the acceptor, when somebody has waited for seconds. Those who wait must not do it
themselves: what can end a process may end any of the room's. The holder is the kernel's word
(/proc/locks), which needs no look into a process that may be hidden: a pid that holders write down
would name those who are honest. Whether it is stopped or runs makes no difference: nobody needs the
lock for as long, but for a disk that stands still, and that is tried first.
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path

from papayad.log.committed import FILE
from papayad.state import groups, roster
from papayad.system import locks, platform
from papayad.system.files import open_plain

LOCKS = "/proc/locks"
_HELD_TOO_LONG = 2.0  # seconds, beyond those that somebody has waited
_STEP = 0.1


def end_lasting(state_dir: Path, warn: Callable[[str], None]) -> None:
    """End whoever holds the lock all the time that this looks; say whom, or why not.

    A writer whose disk stands still waits for it, and so do we, before we count.
    """
    descriptor = os.open(state_dir / FILE, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    platform.sync_data(descriptor)
    try:
        looks = _looks(descriptor, state_dir)
    except OSError as error:
        warn(f"the log's lock is held, and nobody can see by whom: {LOCKS}: {error.strerror}")
        return
    if looks and not any(looks):
        warn("the log's lock is held, and not by a process that can be seen from here")
    for pid in set.intersection(*looks) if looks else ():
        _end(pid, descriptor, state_dir, warn, "the log's lock for seconds")


def end_intruders(path: Path, state_dir: Path, warn: Callable[[str], None]) -> None:
    """End a client's processes that hold a lock which only an acceptor has. Raises OSError.

    An attacker in one could wait for the acceptor's end, and then no other would start.
    """
    descriptor = open_plain(path)
    if descriptor < 0 or locks.owner(descriptor):
        return
    for pid in holders(descriptor, state_dir):
        if _group(pid) in os.listdir(groups.directory(state_dir)):
            _end(pid, descriptor, state_dir, warn, "the acceptor's lock")


def holders(descriptor: int, state_dir: Path) -> list[int]:
    """The processes that took the lock on the file. Raises OSError.

    On some filesystems the device that the kernel names is not the one of stat(2); then a process
    counts if it is in a group of the room.
    """
    status = os.fstat(descriptor)
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
    room = set(os.listdir(groups.directory(state_dir)))
    found = []
    for words in map(str.split, Path(LOCKS).read_text().splitlines()):
        if "FLOCK" not in words or "->" in words:
            continue
        pid, (its_device, _, inode) = int(words[4]), words[5].rpartition(":")
        if int(inode) == status.st_ino and (its_device == device or _group(pid) in room):
            found.append(pid)
    return found


def _looks(descriptor: int, state_dir: Path) -> list[set[int]]:
    """Who held the lock at each look; empty when it was free at one."""
    found = []
    until = time.monotonic() + _HELD_TOO_LONG
    while time.monotonic() < until:
        if _is_free(descriptor):
            return []
        found.append(set(holders(descriptor, state_dir)))
        time.sleep(_STEP)
    return found


def _is_free(descriptor: int) -> bool:
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    flock(descriptor, LOCK_UN)
    return True


def _group(pid: int) -> str:
    try:
        return str(os.getpgid(pid))
    except OSError:
        return ""


def _end(
    pid: int, descriptor: int, state_dir: Path, warn: Callable[[str], None], what: str
) -> None:
    """Under a pidfd, that was there while the process held the lock: never a stranger's number."""
    with suppress(ProcessLookupError):
        pidfd = platform.open_pidfd(pid)
        if pid <= 1 or pid not in holders(descriptor, state_dir):
            return
        who = f"process {pid}{_client(pid, state_dir)}"
        try:
            platform.send_signal(pid, pidfd, signal.SIGKILL)
        except PermissionError:
            warn(f"{who} holds {what} and does not let go: continue or kill it as root")
        else:
            warn(f"killed {who}, which held {what}")


def _client(pid: int, state_dir: Path) -> str:
    path = roster.directory(state_dir)
    for entry in filter(None, (roster.read(path, name) for name in roster.names(path))):
        if pid in (entry.recv, entry.send):
            return f" of {entry.user}@{entry.peer}"
    return ""
