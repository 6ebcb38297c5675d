"""Who may wait to be authenticated: the table of pending connections (design section 8).

Lives in the acceptor. Above `max_pending` one is evicted and never the newcomer refused: one of the
source that holds most, then at random; sources that authenticated lately come last. A source that
holds all that it may loses one of its own, so that a silent neighbour keeps nobody out either.
(sshd's random drop of newcomers was simulated and lost: under 2,000 silent connections a second 11
of 100 friends got in within 2 s, with eviction 70, and with 1,000 places all.)
"""

import heapq
import ipaddress
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import count
from typing import TypeVar

from papayad.pending import Pending

T = TypeVar("T")

_TRUSTED = 4096  # sources that authenticated lately, remembered


class Admission:
    """Every pending connection, by source and by deadline."""

    def __init__(self) -> None:
        self._by_source: dict[str, list[Pending]] = {}
        self._deadlines: list[tuple[float, int, Pending]] = []
        self._serial = count()
        self._trusted: OrderedDict[str, None] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Pending]:
        return (pending for group in self._by_source.values() for pending in group)

    def held_by(self, source: str) -> int:
        return len(self._by_source.get(source, ()))

    def add(self, pending: Pending) -> None:
        self._by_source.setdefault(pending.source, []).append(pending)
        self._size += 1
        self.wake_at(pending.deadline, pending)

    def wake_at(self, deadline: float, pending: Pending) -> None:
        """Set or change a connection's deadline."""
        pending.deadline = deadline
        heapq.heappush(self._deadlines, (deadline, next(self._serial), pending))

    def remove(self, pending: Pending) -> None:
        """Forget a connection; its deadline in the heap becomes void."""
        pending.deadline = 0.0
        group = self._by_source[pending.source]
        group.remove(pending)
        self._size -= 1
        if not group:
            del self._by_source[pending.source]

    def move(self, pending: Pending, source: str) -> None:
        """Count a connection for another source: its proxy has said whom it speaks for."""
        deadline = pending.deadline
        self.remove(pending)
        pending.source, pending.deadline = source, deadline
        self.add(pending)

    def authenticated(self, source: str) -> None:
        """Remember a source as one that lets people in."""
        self._trusted[source] = None
        self._trusted.move_to_end(source)
        if len(self._trusted) > _TRUSTED:
            self._trusted.popitem(last=False)

    def victim(self) -> Pending:
        """Whom to evict."""
        strangers = [source for source in self._by_source if source not in self._trusted]
        sources = strangers or list(self._by_source)
        most = max(len(self._by_source[source]) for source in sources)
        return self.victim_of(_any([one for one in sources if len(self._by_source[one]) == most]))

    def victim_of(self, source: str) -> Pending:
        """Whom to evict of a source that holds as many as it may."""
        return _any(self._by_source[source])

    def next_deadline(self) -> float | None:
        """The earliest deadline on the monotonic clock, None when nobody is pending."""
        while self._deadlines and self._deadlines[0][2].deadline != self._deadlines[0][0]:
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    def overdue(self, now: float) -> Iterator[Pending]:
        """Those whose time is up, each once; the caller removes or postpones them."""
        while (deadline := self.next_deadline()) is not None and deadline <= now:
            yield heapq.heappop(self._deadlines)[2]


def _any(those: Sequence[T]) -> T:
    """One at random, from the kernel: the random module would seed itself anew in every fork."""
    return those[int.from_bytes(os.urandom(4), "big") % len(those)]


def source_of(host: str) -> str:
    """What a cap counts: the IPv4 address as accept(2) tells it, or the /64 of an IPv6 one."""
    if ":" not in host:
        return host
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


def is_in(host: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of the networks."""
    if not networks:
        return False
    address = ipaddress.ip_address(host)
    return any(address in ipaddress.ip_network(network) for network in networks)
