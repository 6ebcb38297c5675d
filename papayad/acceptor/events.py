"""The acceptor's selector: what it watches, and what a turn serves first (design section 8).

A flood has more to say at each turn than there is time for. So a turn serves a share of it, and
what is left is there again at the next one. The last come first: of a queue that grows faster than
it is served everybody would wait for its whole length, and a friend's handshake has three steps.
"""

import os
import selectors
import socket
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from itertools import count

_SHARE = 32  # events that are served before new connections have their turn: about 10 ms


class Rank(IntEnum):
    """What is served first. `NEWCOMERS` are the listening sockets: always, and last."""

    OWN = 0  # signals and the ends of clusters
    FRIEND = 1  # of a source that let somebody in lately
    PROCEEDING = 2  # more than a ClientHello, which costs nobody anything to send
    STRANGER = 3
    REFUSED = 4
    NEWCOMERS = 5


class Events:
    """Handlers of what is readable."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._serial = count()

    def add(
        self, file: socket.socket | int, rank: Callable[[], Rank], handler: Callable[[], None]
    ) -> None:
        """`rank` is asked whenever there is something to read."""
        data = (rank, -next(self._serial), handler)
        self._selector.register(file, selectors.EVENT_READ, data)

    def remove(self, file: socket.socket | int) -> None:
        """Watch it no more, if it was watched; a socket may be closed by now."""
        with suppress(KeyError, ValueError):
            self._selector.unregister(file)

    def turn(self, patience: float | None) -> None:
        """Wait for so many seconds, or for ever; serve what is there.

        A handler may have been removed by one before it: it has to see that for itself.
        """
        ready = [
            (rank(), serial, handler)
            for key, _ in self._selector.select(patience)
            for rank, serial, handler in [key.data]
        ]
        ready.sort(key=lambda one: one[:2])
        waiting = [handler for rank, _, handler in ready if rank < Rank.NEWCOMERS]
        coming = [handler for rank, _, handler in ready if rank == Rank.NEWCOMERS]
        for handler in (*waiting[:_SHARE], *coming):
            handler()
            os.sched_yield()  # a client's processes that want this core need not wait for a tick
