"""Who holds the log's lock and is stopped: found and killed by who waits (design section 6).

Used by every process that waits for the lock for seconds, RECV and SEND alike: nobody else is sure
to be there. `papayactl freeze` stops nobody inside the lock, but a SIGSTOP by hand may. The holder
is the kernel's word (/proc/locks): a pid that holders write down would name writers only, cost each
append a system call, and as often it is a SEND that is stopped, with the shared lock. Where there
is no /proc/locks nobody is found.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from papayad.state import groups

LOCKS = "/proc/locks"
_STOPPED = "T"  # by a signal; one that is being traced ("t") is somebody's who looks at it


def end_stopped_holders(descriptor: int, state_dir: Path, warn: Callable[[str], None]) -> None:
    """Kill those who hold the lock on an open file while they are stopped, and say so."""
    with suppress(OSError):  # whoever cannot be looked at is left alone
        for pid in holders(descriptor, state_dir):
            if pid > 1 and pid != os.getpid() and _is_stopped(pid):
                _kill(pid, warn)


def holders(descriptor: int, state_dir: Path) -> list[int]:
    """The processes that took the lock on the file. Raises OSError.

    The device that the kernel names is on some filesystems not the one that stat(2) tells; then a
    process is believed that is in a group of the room.
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
