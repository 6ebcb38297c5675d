"""Where systems differ: a call that Linux has, and what is done where it is missing.

A leaf, used by every process and by papayactl. docs/portability.md says what the manual pages of
other systems say; tests/test_portability.py takes the calls away and holds a conversation without
them. Joint death is not here: without F_SETSIG it needs other ways to wait, read and write, which
are in papayad/cluster/tie.py.
"""

import fcntl
import os
import signal

HAS_PIDFD = hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal")
HAS_FDATASYNC = hasattr(os, "fdatasync")
TELLS_OF_CLOSES = hasattr(fcntl, "F_SETSIG")  # with any signal

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
