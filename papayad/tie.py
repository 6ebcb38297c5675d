"""Joint death: RECV and SEND end together, however one of them ends (design sections 6 and 9).

A socketpair that nobody writes to, an end for each. On Linux the kernel sends SIGKILL to one when
the other's end closes (F_SETOWN and F_SETSIG on an O_ASYNC descriptor): no timer, no handler, and
it reaches a process that is stopped or blocked in a send to a stuck client.

The BSDs know only SIGIO, ignored by default, and a handler could not end a process that blocks. So
without F_SETSIG a process looks at its end with poll(2) beside whatever it waits for: `Polled`.
"""

import fcntl
import os
import select
import signal
import socket
from collections.abc import Callable
from typing import Protocol

from papayad import system


class Tie(Protocol):
    """One process's end. The waits return when `descriptor` is ready, or end this process."""

    #: whether the kernel kills, so that reads and writes may block and the first two do nothing
    kills: bool

    def wait_readable(self, descriptor: int) -> None: ...
    def wait_writable(self, descriptor: int) -> None: ...
    def wait_for(self, signals: set[int]) -> int: ...
    def loosen_before(self, ask: Callable[[], None], seconds: float) -> None: ...


def pair() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair()


def tighten(end: socket.socket) -> Tie:
    """Tie the calling process to the holder of the other end; ends it when that is gone already."""
    tied: Tie = Signalled(end) if system.TELLS_OF_CLOSES else Polled(end)
    _end_with_other(end)  # it may have ended before anybody was asked to tell
    return tied


class Signalled:
    """Linux: the kernel kills, the process need not look, and its waits cost nothing."""

    kills = True

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        fcntl.fcntl(end, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(end, fcntl.F_SETSIG, signal.SIGKILL)
        _set_async(end, True)

    def wait_readable(self, descriptor: int) -> None:
        """The read itself blocks."""

    def wait_writable(self, descriptor: int) -> None:
        """The write itself blocks."""

    def wait_for(self, signals: set[int]) -> int:
        """sigwait(3) would make an enum of the number, 10 us a wakeup."""
        return signal.sigwaitinfo(signals).si_signo

    def loosen_before(self, ask: Callable[[], None], seconds: float) -> None:
        """Let the other end first, once it is asked to; wait for that, up to `seconds`."""
        _set_async(self._end, False)
        ask()
        select.select([self._end], [], [], seconds)


class Polled:
    """Elsewhere: SIGIO interrupts SEND's wait for signals, poll(2) does the rest."""

    kills = False

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        signal.signal(signal.SIGIO, _nothing)  # not ignored, so that sigwaitinfo gets it
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGIO})
        fcntl.fcntl(end, fcntl.F_SETOWN, os.getpid())
        _set_async(end, True)

    def wait_readable(self, descriptor: int) -> None:
        self._wait(descriptor, select.POLLIN)

    def wait_writable(self, descriptor: int) -> None:
        self._wait(descriptor, select.POLLOUT)

    def wait_for(self, signals: set[int]) -> int:
        """OpenBSD and macOS have no sigwaitinfo."""
        arrived = signal.sigwait(signals | {signal.SIGIO})
        _end_with_other(self._end)
        return arrived

    def loosen_before(self, ask: Callable[[], None], seconds: float) -> None:
        ask()
        select.select([self._end], [], [], seconds)

    def _wait(self, descriptor: int, event: int) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        poll.register(self._end, select.POLLIN)
        poll.poll()
        _end_with_other(self._end)


def _set_async(end: socket.socket, on: bool) -> None:
    flags = fcntl.fcntl(end, fcntl.F_GETFL)
    flags = flags | os.O_ASYNC if on else flags & ~os.O_ASYNC
    fcntl.fcntl(end, fcntl.F_SETFL, flags)


def _end_with_other(end: socket.socket) -> None:
    try:
        if end.recv(1, socket.MSG_DONTWAIT) == b"":
            os.kill(os.getpid(), signal.SIGKILL)
    except BlockingIOError:
        pass


def _nothing(signum: int, frame: object) -> None:
    """The signal's work is to interrupt."""
