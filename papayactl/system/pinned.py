"""A signal that never hits another process: first pin the process, then check it, then signal.

Between a look at a pid and the kill, the process may have ended, and the pid may be another one's.
A pidfd always names the process that it was opened for. Where there are no pidfds, the gap is as
small as two system calls.
"""

import os
import signal
from collections.abc import Callable

from papayad.errors import NO_PERMISSION, Fault
from papayad.system import platform


def send(pid: int, number: signal.Signals, is_meant: Callable[[], bool]) -> bool:
    """Signal the process if `is_meant`, called while the pid is pinned, says that it is the one.

    False if it is not, or has ended; a Fault (77) if it belongs to another user.
    """
    if pid <= 1:  # these would mean every process
        return False
    try:
        return _send_pinned(pid, number, is_meant)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        remedy = "run it as root or as the service's user"
        why = f"process {pid} belongs to another user"
        raise Fault(number.name, why, remedy, code=NO_PERMISSION) from error


def _send_pinned(pid: int, number: signal.Signals, is_meant: Callable[[], bool]) -> bool:
    pidfd = platform.open_pidfd(pid)
    try:
        meant = is_meant()
        if meant:
            platform.send_signal(pid, pidfd, number)
        return meant
    finally:
        if pidfd >= 0:
            os.close(pidfd)
