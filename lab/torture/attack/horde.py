"""The attackers' process: thousands of connections in one loop.

Attackers and room share a machine here, so this process uses little and is served last: it has a
session of its own (for the scheduler's autogroup), a lower priority, one epoll, and one ClientHello
for all. Its source addresses are from 127.0.0.0/8, a block of 62,500 for each attack: far more than
the room can remember, so that penalties hardly help.
"""

import heapq
import mmap
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from lab.torture.attack.attackers import Attack, Steps

_IP_BIND_ADDRESS_NO_PORT = 24  # Linux: connect chooses the port, so that bind need not search
_AT_ONCE = 50  # connections between two looks at those that are open
_LOOK = 0.005  # seconds
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Size:
    """`rate` in connections per second, `most` at once."""

    rate: int
    most: int


@contextmanager
def attacking(port: int, attack: Attack, size: Size, block: int) -> Iterator[Callable[[], int]]:
    """Attack from another process until the block ends; it can say how many connections it made."""
    made = mmap.mmap(-1, 8)
    child = os.fork()
    if child == 0:
        try:
            _come_last()
            Horde(port, attack, size, block, made).run()
        finally:
            os._exit(0)
    try:
        yield lambda: int.from_bytes(made[:8], "little")
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _come_last() -> None:
    os.setsid()
    os.nice(5)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text("5")


class Attacker:
    """One connection. `steps` begins when the connection is made."""

    def __init__(self, connection: socket.socket, steps: Steps) -> None:
        self.socket = connection
        self.steps = steps
        self.begun = False
        self.listens = False
        self.unsent = b""


class Horde:
    """All attackers of one attack; `made` holds the number of connections made."""

    def __init__(self, port: int, attack: Attack, size: Size, block: int, made: mmap.mmap) -> None:
        self._port = port
        self._attack = attack
        self._size = size
        self._block = block
        self._made = made
        self._number = 0
        self._serial = count()
        self._epoll = select.epoll()
        self._open: dict[int, Attacker] = {}
        self._resting: list[tuple[float, int, Attacker]] = []

    def run(self) -> None:
        began = time.monotonic()
        while True:
            due = int((time.monotonic() - began) * self._size.rate) - self._number
            for _ in range(min(due, self._size.most - len(self._open), _AT_ONCE)):
                self._connect()
            self._made[:8] = self._number.to_bytes(8, "little")
            for descriptor, events in self._epoll.poll(_LOOK):
                self._serve(self._open[descriptor], events)
            while self._resting and self._resting[0][0] <= time.monotonic():
                self._advance(heapq.heappop(self._resting)[2], b"")

    def _connect(self) -> None:
        self._number += 1
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        number = self._number
        connection.bind((f"127.{self._block}.{number // 250 % 250}.{number % 250 + 1}", 0))
        connection.connect_ex(("127.0.0.1", self._port))
        self._open[connection.fileno()] = Attacker(connection, self._attack())
        self._epoll.register(connection, select.EPOLLOUT)

    def _serve(self, one: Attacker, events: int) -> None:
        """Do what the socket is ready for."""
        if events & ~select.EPOLLOUT:
            self._receive(one)
        else:
            self._epoll.modify(one.socket, select.EPOLLIN)
            unsent, one.unsent = one.unsent, b""
            if not unsent or self._send(one, unsent):
                self._advance(one, b"")

    def _receive(self, one: Attacker) -> None:
        try:
            data = one.socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._close(one)
        elif one.listens:
            self._advance(one, data)

    def _advance(self, one: Attacker, got: bytes) -> None:
        """Do the next steps, up to one that has to wait."""
        going = one.socket.fileno() >= 0
        while going:
            try:
                step = one.steps.send(got) if one.begun else next(one.steps)
            except StopIteration as end:
                one.listens = False
                if end.value:
                    self._close(one)
                return
            one.begun, one.listens, got = True, step == b"", b""
            if isinstance(step, float):
                heapq.heappush(self._resting, (time.monotonic() + step, next(self._serial), one))
                return
            going = not one.listens and self._send(one, step)

    def _send(self, one: Attacker, data: bytes) -> bool:
        """Send as much as fits now; return whether that was all."""
        try:
            one.unsent = data[one.socket.send(data) :]
        except BlockingIOError:
            one.unsent = data
        except OSError:
            self._close(one)
            return False
        if one.unsent:
            self._epoll.modify(one.socket, select.EPOLLIN | select.EPOLLOUT)
        return not one.unsent

    def _close(self, one: Attacker) -> None:
        self._open.pop(one.socket.fileno(), None)
        one.socket.close()
