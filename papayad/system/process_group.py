"""The acceptor's own process group: no stranger is in it, however it started (design section 5).

The room's signals go to whole groups, so a shell's pipeline or a test runner must not share one.
"""

import os
import signal
from contextlib import suppress


def enter_own() -> None:
    """Become a member of a group that only this process and its children are in.

    A session leader has such a group already. A group leader (a job of a shell, with the other
    processes of its pipeline in the group) cannot simply make a new one: a child makes it, we move
    into it, and the child ends. The number stays in use as long as a member lives.
    """
    if os.getsid(0) == os.getpid():
        return
    old = os.getpgrp()
    if old != os.getpid():
        os.setpgid(0, 0)
    else:
        _move_to_new_group()
    _keep_terminal(old)


def _move_to_new_group() -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writing)
        os.read(reading, 1)  # until the parent is in the group
        os._exit(0)
    os.close(reading)
    os.setpgid(child, child)
    os.setpgid(0, child)
    os.close(writing)
    os.waitpid(child, 0)


def _keep_terminal(old: int) -> None:
    """If the old group had the terminal, give it to the new one, so that Ctrl-C still arrives."""
    with suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
        try:
            if os.tcgetpgrp(terminal) == old:
                before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
                os.tcsetpgrp(terminal, os.getpgrp())
                signal.signal(signal.SIGTTOU, before)
        finally:
            os.close(terminal)
