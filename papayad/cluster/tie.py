"""Joint death: RECV and SEND end together, however one of them ends (design sections 6 and 9).

Each has one end of a socketpair that nobody writes to. On Linux the kernel sends SIGKILL to one
when the other's end closes (F_SETOWN and F_SETSIG on an O_ASYNC descriptor). That needs no timer
and no handler, and it reaches a process that is stopped or blocked in a send to a stuck client.

The BSDs have only SIGIO, which is ignored by default, and a handler could not end a process that
blocks. So without F_SETSIG a process polls its end besides whatever else it waits for: `Polled`.
"""

import fcntl
import os
import select
import signal
from _socket import socketpair
from collections.abc import Callable, Collection
from fcntl import F_GETFL, F_SETFL, F_SETOWN
from fcntl import fcntl as control
from os import O_ASYNC, getpid
from typing import Protocol

from papayad.system import platform
from papayad.system.plain_signals import BLOCK, set_handler, set_mask, wait_for

_F_SETSIG: int = getattr(fcntl, "F_SETSIG", -1)
_SIGKILL = int(signal.SIGKILL)


class Tie(Protocol):
    """One process's end. A blocking call returns when it is done, or ends this process.

    The first four are os.read, os.write, os.sendfile and sigwait(3), or act like them.
    """

    @property
    def read(self) -> Callable[[int, int], bytes]: ...
    @property
    def write(self) -> Callable[[int, bytes], int]: ...
    @property
    def send_file(self) -> Callable[[int, int, None, int], int]: ...
    @property
    def wait_for(self) -> Callable[[Collection[int]], int]: ...
    def loosen_before(self, ask: Callable[[], None], seconds: float) -> None: ...


def pair() -> tuple[int, int]:
    """Two descriptors, one for each process."""
    one, other = socketpair()
    return one.detach(), other.detach()


def tighten(end: int) -> Tie:
    """Tie the calling process to the holder of the other end.

    It has to be called before that end can close: by RECV before it forks SEND, and by SEND before
    it closes its own copy of RECV's end, which is the last copy if RECV has ended already.
    """
    return Signalled(end) if platform.TELLS_OF_CLOSES else Polled(end)


class Signalled:
    """Linux: the kernel kills, so a process need not look: its system calls are the plain ones."""

    def __init__(self, end: int) -> None:
        self.read, self.write, self.send_file = os.read, os.write, os.sendfile
        self.wait_for = wait_for
        self._end = end
        control(end, F_SETOWN, getpid())
        control(end, _F_SETSIG, _SIGKILL)
        _set_async(end, True)

    def loosen_before(self, ask: Callable[[], None], seconds: float) -> None:
        """Ask the other process to end, and wait for that, up to `seconds`, untied."""
        _set_async(self._end, False)
        ask()
        select.select([self._end], [], [], seconds)


class Polled:
    """Elsewhere: SIGIO interrupts SEND's wait for signals, poll(2) does the rest."""

    def __init__(self, end: int) -> None:
        self._end = end
        set_handler(signal.SIGIO, _nothing)  # if it were ignored, sigwait would not get it
        set_mask(BLOCK, (signal.SIGIO,))
        control(end, F_SETOWN, getpid())
        _set_async(end, True)

    def read(self, descriptor: int, most: int) -> bytes:
        self._wait(descriptor, select.POLLIN)
        return os.read(descriptor, most)

    def write(self, descriptor: int, data: bytes) -> int:
        self._wait(descriptor, select.POLLOUT)
        return os.write(descriptor, data)

    def send_file(self, out: int, file: int, offset: None, most: int) -> int:
        """sendfile(2) leaves the file position, which shows the lag, on FreeBSD and macOS."""
        data = os.read(file, most)
        left = data
        while left:
            left = left[self.write(out, left) :]
        return len(data)

    def wait_for(self, signals: Collection[int]) -> int:
        arrived = wait_for({*signals, int(signal.SIGIO)})
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


def _set_async(end: int, on: bool) -> None:
    flags = control(end, F_GETFL)
    control(end, F_SETFL, flags | O_ASYNC if on else flags & ~O_ASYNC)


def _end_with_other(end: int) -> None:
    """End this process if the other has: nobody writes to it, so readable means closed."""
    if select.select([end], [], [], 0)[0]:
        os.kill(getpid(), _SIGKILL)


def _nothing(signum: int, frame: object) -> None:
    """The signal only has to interrupt a wait."""
