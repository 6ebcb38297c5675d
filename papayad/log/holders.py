"""A stopped process that holds the log's lock: a waiting one finds and kills it (design section 6).

Used by every process that waits for the lock for seconds, RECV and SEND alike: no other process is
sure to be there. `papayactl freeze` stops nobody inside the lock, but a SIGSTOP by hand may do so.
The kernel says who the holder is (/proc/locks). If holders wrote down their pids, each append would
cost a system call, and only writers would be known; but just as often a SEND is stopped, with the
shared lock. Where there is no /proc/locks, no holder is found.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from papayad.state import groups

LOCKS = "/proc/locks"
_STOPPED = "T"  # by a signal; "t" is a process that a debugger looks at


def end_stopped_holders(descriptor: int, state_dir: Path, warn: Callable[[str], None]) -> None:
    """Kill processes that hold the lock on an open file while they are stopped, and log it."""
    with suppress(OSError):  # a process that we may not look at is left alone
        for pid in holders(descriptor, state_dir):
            if pid > 1 and pid != os.getpid() and _is_stopped(pid):
                _kill(pid, warn)


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


def _group(pid: int) -> str:
    try:
        return str(os.getpgid(pid))
    except OSError:
        return ""


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == _STOPPED


def _kill(pid: int, warn: Callable[[str], None]) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
        warn(f"killed process {pid}, which was stopped while it held the log's lock")
    except PermissionError:
        warn(f"process {pid} is stopped and holds the log's lock: continue or kill it as root")
