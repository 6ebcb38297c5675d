"""The acceptor's selector: what it watches, and what a turn serves first (design section 8).

In a flood there is more to read at each turn than there is time for. So a turn serves only some of
the connections, and the others are there again at the next turn. The latest are served first: in a
queue that grows faster than it is served everybody would wait for its whole length, and a friend's
handshake has three steps.
"""

import os
import selectors
import socket
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from itertools import count

_SHARE = 32  # events that are served before connections are accepted: about 10 ms


class Rank(IntEnum):
    """What is served first. `NEWCOMERS` are the listening sockets: last, but at every turn."""

    OWN = 0  # signals and the ends of clusters
    FRIEND = 1  # of a source from which somebody came in lately
    PROCEEDING = 2  # it sent more than a ClientHello, which costs a peer nothing
    STRANGER = 3
    REFUSED = 4
    NEWCOMERS = 5


class Events:
    """Descriptors, and the handler for each when it is readable."""

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
        """Stop watching it, if it was watched; a socket may be closed already."""
        with suppress(KeyError, ValueError):
            self._selector.unregister(file)

    def turn(self, patience: float | None) -> None:
        """Wait for `patience` seconds, or for ever (None); serve what is there.

        An earlier handler may have removed a later one, so each has to check that.
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
            os.sched_yield()  # so clients' processes that want this core need not wait for a tick
