"""PID 1 of a container without an init: it passes signals on, and waits for orphans.

Then papayad is two processes, and the second is the acceptor. PID 1 could not have a process group
of its own: a signal to group 1 goes to every process (kill(2), a pid of -1), and a session leader
cannot move to another group.
"""

import os
import signal
from typing import NoReturn

from papayad.system import descriptors

_PASSED_ON = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_WAITED_FOR = _PASSED_ON | {signal.SIGCHLD}


def leave_to_child() -> None:
    """If this is PID 1, go on in a child; the parent never returns, and ends with the child."""
    if os.getpid() != 1:
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED_FOR)
    child = os.fork()
    if child:
        descriptors.close_all_but(set())  # else a port that the child closes would stay open here
        _serve(child)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(child: int) -> NoReturn:
    """Wait for children, orphans included. When this process ends, the kernel ends all others."""
    while True:
        arrived = signal.sigwait(_WAITED_FOR)
        if arrived in _PASSED_ON:
            os.kill(child, arrived)  # nobody has waited for it yet, so the pid is its own
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
                os._exit(code if code >= 0 else 128 - code)
            if pid == 0:
                break
