"""Who may wait to be authenticated: the table of pending connections (design section 8).

Lives in the acceptor. Above `max_pending` a pending connection is evicted; the newcomer is never
refused. The evicted one is of the source that holds most, and among these a random one; sources
that authenticated lately come last. A source that holds as many as it may loses one of its own, so
that a silent neighbour keeps nobody out either. (sshd refuses newcomers at random. In a simulation
that was worse: under 2,000 silent connections a second 11 of 100 friends got in within 2 s; with
eviction 70, and with 1,000 places all.)
"""

from collections import OrderedDict
from collections.abc import Iterator

from papayad.acceptor.bag import Bag
from papayad.acceptor.deadlines import Deadlines
from papayad.acceptor.pending import Pending

_TRUSTED = 4096  # sources that authenticated lately, remembered
_SHAKING_AT_MOST = 1000  # TLS handshakes under way: 50 KiB each
_CANDIDATES = 4


class Eviction:
    """Every pending connection, by source and by deadline. All its methods take constant time."""

    def __init__(self) -> None:
        self._by_source: dict[str, Bag[Pending]] = {}
        self._holders: dict[tuple[bool, int], Bag[str]] = {}  # by trust, and how many they hold
        self._deadlines: Deadlines[Pending] = Deadlines()
        self._shaking: Bag[Pending] = Bag()
        self._trusted: OrderedDict[str, None] = OrderedDict()
        self._size = 0
        self._most = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Pending]:
        return (pending for group in self._by_source.values() for pending in group)

    def held_by(self, source: str) -> int:
        return len(self._by_source.get(source, ()))

    def trusts(self, source: str) -> bool:
        return source in self._trusted

    def add(self, pending: Pending) -> None:
        self._enter(pending)
        self.wake_at(pending.deadline, pending)

    def wake_at(self, deadline: float, pending: Pending) -> None:
        """Set or change a connection's deadline."""
        self._deadlines.set(pending, deadline)

    def remove(self, pending: Pending) -> None:
        self._leave(pending)
        self._deadlines.forget(pending)
        if pending in self._shaking:
            self._shaking.remove(pending)

    def move(self, pending: Pending, source: str) -> None:
        """Count a connection for another source: its proxy has named the client."""
        self._leave(pending)
        pending.source = source
        self._enter(pending)

    def authenticated(self, source: str) -> None:
        """Remember that somebody came in from this source."""
        self._trust(source, True)
        self._trusted.move_to_end(source)
        if len(self._trusted) > _TRUSTED:
            self._trust(next(iter(self._trusted)), False)

    def victim(self) -> Pending:
        """The connection to evict."""
        trusted, most = min(self._holders, key=lambda kind: (kind[0], -kind[1]))
        return self.victim_of(self._holders[trusted, most].any())

    def victim_of(self, source: str) -> Pending:
        """A connection of this source, to evict."""
        return self._by_source[source].any()

    def shakes(self, pending: Pending) -> None:
        """Its TLS handshake has begun: it takes much more memory from now on."""
        if pending not in self._shaking:
            self._shaking.add(pending)

    def shaking_victim(self) -> Pending | None:
        """The connection to evict when too many are in their handshakes; None when they are not.

        Of some by chance the one whose source is least trusted and holds most.
        """
        if len(self._shaking) <= _SHAKING_AT_MOST:
            return None
        some = [self._shaking.any() for _ in range(_CANDIDATES)]
        return min(some, key=lambda one: (self.trusts(one.source), -self.held_by(one.source)))

    def is_over(self, many: int) -> bool:
        """Whether nothing is pending any more after at least `many` were; true only once."""
        over = self._size == 0 and self._most >= many
        if over:
            self._most = 0
        return over

    def next_deadline(self) -> float | None:
        """The earliest deadline on the monotonic clock, None when nothing is pending."""
        return self._deadlines.next()

    def overdue(self, now: float) -> Iterator[Pending]:
        """The connections whose time is up, each once; the caller removes or postpones them."""
        return self._deadlines.overdue(now)

    def _enter(self, pending: Pending) -> None:
        group = self._by_source.setdefault(pending.source, Bag())
        self._unlist(pending.source)
        group.add(pending)
        self._size += 1
        self._most = max(self._most, self._size)
        self._list(pending.source)

    def _leave(self, pending: Pending) -> None:
        source = pending.source
        self._unlist(source)
        self._by_source[source].remove(pending)
        self._size -= 1
        self._list(source)
        if not self._by_source[source]:
            del self._by_source[source]

    def _trust(self, source: str, trusted: bool) -> None:
        self._unlist(source)
        if trusted:
            self._trusted[source] = None
        else:
            del self._trusted[source]
        self._list(source)

    def _list(self, source: str) -> None:
        """Note a source among those that hold the same number."""
        kind = self._kind(source)
        if kind[1]:
            self._holders.setdefault(kind, Bag()).add(source)

    def _unlist(self, source: str) -> None:
        kind = self._kind(source)
        if kind[1]:
            self._holders[kind].remove(source)
            if not self._holders[kind]:
                del self._holders[kind]

    def _kind(self, source: str) -> tuple[bool, int]:
        return self.trusts(source), self.held_by(source)
