"""The acceptor's selector: what it watches, and what a turn serves first (design section 8).

In a flood there is more to read at each turn than there is time for. So a turn serves connections
for some time only, and the others are there again at the next turn. The latest are served first: in
a queue that grows faster than it is served everybody would wait for its whole length, and a
friend's handshake has three steps. But each eighth is the one that has waited longest, else the
first ones of a crowd would wait for its last.
"""

import os
import selectors
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from heapq import heapify, heappop
from itertools import count, islice
from time import monotonic

_TURN = 0.01  # seconds of serving connections, after which new ones are accepted
_LOOKS = 4  # times as long as it took to see who is ready: else a crowd is only looked at
_LATEST = 7  # are served by rank, and then the one that has waited longest
_WAITED = 0.001  # seconds in select(2): less, and there was something to read at once


class Rank(IntEnum):
    """What is served first. `NEWCOMERS` are the listening sockets: last, but at every turn."""

    OWN = 0  # signals and the ends of clusters
    FRIEND = 1  # of a source from which somebody came in lately
    PROCEEDING = 2  # it sent more than a ClientHello, which costs a peer nothing
    STRANGER = 3
    REFUSED = 4
    NEWCOMERS = 5


Handler = Callable[[float], None]  # gets the seconds that there was something to read


@dataclass(slots=True)
class _Watched:
    rank: Callable[[], Rank]
    serial: int
    handler: Handler
    since: float = 0.0  # there is something to read, on the monotonic clock; 0: there was nothing


class Events:
    """Descriptors, and the handler for each when it is readable."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._serial = count()
        self._looked = monotonic()

    def add(self, file: socket.socket | int, rank: Callable[[], Rank], handler: Handler) -> None:
        """`rank` is asked whenever there is something to read."""
        watched = _Watched(rank, next(self._serial), handler)
        self._selector.register(file, selectors.EVENT_READ, watched)

    def remove(self, file: socket.socket | int) -> None:
        """Stop watching it, if it was watched; a socket may be closed already."""
        with suppress(KeyError, ValueError):
            self._selector.unregister(file)

    def turn(self, patience: float | None) -> None:
        """Wait for `patience` seconds, or for ever (None); serve what is there.

        An earlier handler may have removed a later one, so each has to check that.
        """
        entered = monotonic()
        found = self._selector.select(patience)
        now = monotonic()
        # What was there at once may have come at any time of the last turn.
        since = now if now - entered > _WAITED else self._looked
        self._looked = now
        waiting: list[tuple[Rank, int, _Watched]] = []
        coming: list[_Watched] = []
        for key, _ in found:
            one: _Watched = key.data
            one.since = one.since or since
            rank = one.rank()
            if rank == Rank.NEWCOMERS:
                coming.append(one)
            else:
                waiting.append((rank, -one.serial, one))
        end = now + max(_TURN, _LOOKS * (monotonic() - now))
        for one in _in_order(waiting):
            _serve(one)
            if monotonic() > end:
                break
        for one in coming:
            _serve(one)


def _serve(one: _Watched) -> None:
    waited, one.since = monotonic() - one.since, 0.0
    one.handler(waited)
    os.sched_yield()  # so clients' processes that want this core need not wait for a tick


def _in_order(waiting: list[tuple[Rank, int, _Watched]]) -> Iterator[_Watched]:
    """By rank, and among these the latest first; after some of them the one that waited longest."""
    waiting.sort(key=lambda one: one[:2])
    longest = [(one.since, place, one) for place, (_, _, one) in enumerate(waiting)]
    heapify(longest)
    latest = iter(waiting)
    left = len(waiting)
    while left:
        for _, _, one in islice(latest, _LATEST):
            if one.since:  # not served yet
                left -= 1
                yield one
        while longest and not longest[0][2].since:
            heappop(longest)
        if longest:
            left -= 1
            yield heappop(longest)[2]
