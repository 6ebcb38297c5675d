"""PID 1 of a container without an init: it passes signals on, and takes leave of the dead.

papayad becomes two processes then, and its acceptor is the second. As PID 1 it could not have a
process group of its own: to signal group 1 is to signal everybody (kill(2), a pid of -1), and a
session leader cannot move to another one.
"""

import os
import signal
from typing import NoReturn

from papayad.system import descriptors

_PASSED_ON = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
_WAITED_FOR = _PASSED_ON | {signal.SIGCHLD}


def leave_to_child() -> None:
    """Where this is PID 1, go on in a child; the parent ends with it, and never returns."""
    if os.getpid() != 1:
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED_FOR)
    child = os.fork()
    if child:
        descriptors.close_all_but(set())  # a port that the child closes has to be closed
        _serve(child)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(child: int) -> NoReturn:
    """Whoever lost its parent is a child of this process. The kernel ends them all with it."""
    while True:
        arrived = signal.sigwait(_WAITED_FOR)
        if arrived in _PASSED_ON:
            os.kill(child, arrived)  # it was not waited for yet, so the pid is its
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
