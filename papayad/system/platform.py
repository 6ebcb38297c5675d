"""Where systems differ: a call that Linux has, and what is done where it is missing.

A leaf, used by every process and by papayactl. docs/portability.md says what the manual pages of
other systems say; tests/test_portability.py takes the calls away and holds a conversation without
them. Joint death is not here: without F_SETSIG it needs other ways to wait, read and write, which
are in papayad/cluster/tie.py.
"""

import fcntl
import os
import signal
import struct
import sys

HAS_PIDFD = hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal")
HAS_FDATASYNC = hasattr(os, "fdatasync")
IP_FREEBIND = 15 if sys.platform == "linux" else 0  # to bind to an address before it is there
TELLS_OF_CLOSES = hasattr(fcntl, "F_SETSIG")  # with any signal

# struct flock: Linux begins with the type, the BSDs and macOS with where the lock starts.
_TYPE_FIRST = sys.platform == "linux"
_FLOCK = struct.Struct("hhqqi0q" if _TYPE_FIRST else "qqihhi")

_BSD_QUESTION = (0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET, 0)
_FULL_SYNC: int = getattr(fcntl, "F_FULLFSYNC", 0)


def open_pidfd(pid: int) -> int:
    """A descriptor that names this process and never another; -1 where there are none.

    Raises OSError. A caller that gets -1 looks at a lock right before it signals.
    """
    return os.pidfd_open(pid) if HAS_PIDFD else -1


def send_signal(pid: int, pidfd: int, signum: int) -> None:
    """Signal the process of a pidfd, or with -1 whoever has the pid now. Raises OSError."""
    if pidfd >= 0:
        signal.pidfd_send_signal(pidfd, signum)
    else:
        os.kill(pid, signum)


def record_lock_owner(descriptor: int) -> int:
    """The pid of the holder of a record lock (fcntl(2)) on a file; 0 if there is none.

    As the kernel says, in this pid namespace. Not for a process's own locks. Raises OSError.
    """
    fields = (fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0) if _TYPE_FIRST else _BSD_QUESTION
    answer = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_GETLK, _FLOCK.pack(*fields)))
    kind, pid = (answer[0], answer[4]) if _TYPE_FIRST else (answer[3], answer[2])
    return pid if kind != fcntl.F_UNLCK and pid > 0 else 0


def sync_data(descriptor: int) -> None:
    """Bring a file's bytes to the disk, with what is needed to read them. Raises OSError.

    macOS has no fdatasync(2), and its fsync(2) stops at the drive's cache.
    """
    if HAS_FDATASYNC:
        os.fdatasync(descriptor)
        return
    try:
        if _FULL_SYNC:
            fcntl.fcntl(descriptor, _FULL_SYNC)
            return
    except OSError:  # not every file system can do it
        pass
    os.fsync(descriptor)
