"""Where systems differ: a call that Linux has, and what is done where it is missing.

A leaf, used by every process and by papayactl. docs/portability.md tells what the manual pages of
the other systems say; tests/test_portability.py takes the calls away and holds a conversation all
the same. Joint death is not in here: without F_SETSIG it needs other waits, and other reads and
writes, which is `tie`.
"""

import fcntl
import os
import signal

HAS_PIDFD = hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal")
HAS_FDATASYNC = hasattr(os, "fdatasync")
TELLS_OF_CLOSES = hasattr(fcntl, "F_SETSIG")  # with a signal of one's choice

_FULL_SYNC: int = getattr(fcntl, "F_FULLFSYNC", 0)


def open_pidfd(pid: int) -> int:
    """A descriptor that names this process and never another; -1 where there are none.

    Raises OSError. Who gets -1 looks at a lock right before it signals.
    """
    return os.pidfd_open(pid) if HAS_PIDFD else -1


def send_signal(pid: int, pidfd: int, signum: int) -> None:
    """Signal the process of a pidfd, or with -1 whoever has the pid now. Raises OSError."""
    if pidfd >= 0:
        signal.pidfd_send_signal(pidfd, signum)
    else:
        os.kill(pid, signum)


def sync_data(descriptor: int) -> None:
    """Bytes of a file on the disk, and what it takes to read them. Raises OSError.

    macOS has no fdatasync(2), and its fsync(2) stops at the drive's cache.
    """
    if HAS_FDATASYNC:
        os.fdatasync(descriptor)
        return
    try:
        if _FULL_SYNC:
            fcntl.fcntl(descriptor, _FULL_SYNC)
            return
    except OSError:  # not every file system can
        pass
    os.fsync(descriptor)
