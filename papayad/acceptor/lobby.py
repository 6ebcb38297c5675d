"""Connections until they have said who they are: the acceptor's pending ones (design section 8).

Lives in the acceptor. Who has to wait, who has to make place, what a failure costs, and when the
time is up; a whole hello is handed on.
"""

import socket
import time
from collections.abc import Callable

from papayad.acceptor import malloc
from papayad.acceptor.admission import NOBODY
from papayad.acceptor.events import Rank, Watching
from papayad.acceptor.eviction import Admission, is_in, source_of
from papayad.acceptor.penalties import Penalizing
from papayad.acceptor.pending import Closed, Greeted, Introduced, Pending, Terms
from papayad.cluster.begin import Shared
from papayad.formats.wire import Refusal
from papayad.settings import Settings

_FAREWELL = 2.0  # seconds for a refused peer to read its answer
_FLOOD = 100  # pending connections at once, after which memory is given back
_SPARE = 16  # descriptors to make free when they have run out: who comes in needs one, too
_PROXY = "proxy"  # the source of connections whose proxy has not yet said whom it speaks for


class Authenticating:
    """All of them; `greeted` gets each whole hello, and refuses or drops its connection."""

    def __init__(
        self,
        shared: Shared,
        terms: Terms,
        watching: Watching,
        greeted: Callable[[Pending, Greeted], None],
    ) -> None:
        self._settings = shared.settings
        self._terms = terms
        self._watching = watching
        self._greeted = greeted
        self._admission = Admission()
        limits = shared.settings.limits
        self._penalizing = Penalizing(shared.settings.state_dir, limits, shared.journal)

    def take(self, settings: Settings, terms: Terms) -> None:
        """What is in force after a reload."""
        self._settings, self._terms = settings, terms
        self._penalizing.take_limits(settings.limits)

    def receive(self, client: socket.socket, host: str, port: int) -> None:
        """A new connection: from a proxy, from a source that has to wait, or one that may speak."""
        limits = self._settings.limits
        proxied = is_in(host, self._settings.listen.proxies)
        source = _PROXY if proxied else source_of(host)
        if not proxied and self._penalizing.refuses(source, host):
            client.close()
            return
        deadline = time.monotonic() + limits.auth_seconds
        pending = Pending(client, (host, port), source, deadline, proxied)
        if proxied or not self._make_room(source):
            self._make_place()
        self._admission.add(pending)
        self._watching.add(client, lambda: self._rank(pending), lambda: self._advance(pending))

    def refuse(self, pending: Pending, refusal: Refusal, user: str = NOBODY) -> None:
        """Answer and go on reading for a moment, so that the answer arrives."""
        self._penalizing.say(refusal.reason, pending.host, pending.source, user, refusal.words)
        pending.refuse(refusal)
        self._admission.wake_at(time.monotonic() + _FAREWELL, pending)

    def drop(self, pending: Pending) -> None:
        self._watching.remove(pending.socket)
        self._admission.remove(pending)
        pending.socket.close()

    def trust(self, pending: Pending) -> None:
        """It has a token: others of its source come first from now on."""
        self._admission.authenticated(pending.source)

    def charge(self, pending: Pending, kind: str) -> None:
        """It failed, in one of the kinds of penalties.WEIGHTS."""
        self._penalizing.charge(kind, pending.host, pending.source)

    def make_descriptors(self) -> bool:
        """Evict some, in the order of eviction; False when there is nobody to evict."""
        some = min(_SPARE, (len(self._admission) + 1) // 2)
        for _ in range(some):
            self.drop(self._admission.victim())
        return some > 0

    def due(self) -> float | None:
        """When something is to be done, None while nobody is pending."""
        times = (self._admission.next_deadline(), self._penalizing.due())
        return min((time for time in times if time is not None), default=None)

    def go_on(self, now: float) -> None:
        """Do what is due."""
        for pending in self._admission.overdue(now):
            self._time_is_up(pending)
        if self._admission.is_over(_FLOOD):
            malloc.trim()
        self._penalizing.mark_waiting()

    def close(self) -> None:
        for pending in list(self._admission):
            pending.socket.close()

    def _rank(self, pending: Pending) -> Rank:
        if pending.refused:
            return Rank.REFUSED
        if self._admission.trusts(pending.source):
            return Rank.FRIEND
        return Rank.PROCEEDING if pending.proceeds else Rank.STRANGER

    def _make_room(self, source: str) -> bool:
        """A source that holds all that it may loses one of its own; whether that was so."""
        full = self._admission.held_by(source) >= self._settings.limits.max_pending_per_source
        if full:
            self.drop(self._admission.victim_of(source))
        return full

    def _make_place(self) -> None:
        if len(self._admission) >= self._settings.limits.max_pending:
            self.drop(self._admission.victim())

    def _advance(self, pending: Pending) -> None:
        if pending.socket.fileno() < 0:  # evicted at this turn
            return
        try:
            answer = pending.advance(self._terms)
        except Closed:
            if pending.begun and not pending.refused:  # who says nothing at all may just look
                self.charge(pending, "handshake")
            self.drop(pending)
            return
        if isinstance(answer, Refusal):
            self._fail(pending, "garbage", answer)
        elif isinstance(answer, Greeted):
            self._greeted(pending, answer)
        elif isinstance(answer, Introduced):
            self._introduce(pending, answer)

    def _introduce(self, pending: Pending, answer: Introduced) -> None:
        """A proxy's header came: from now on it is the connection of whom it speaks for."""
        if answer.host:
            pending.host, pending.port = answer.host, answer.port
            source = source_of(pending.host)
            if self._penalizing.refuses(source, pending.host):
                self.drop(pending)
                return
            self._make_room(source)
            self._admission.move(pending, source)
        self._advance(pending)

    def _time_is_up(self, pending: Pending) -> None:
        refused = pending.refused
        if not refused:
            self._fail(pending, "deadline", Refusal("auth", "no complete hello in time"))
        if refused or not pending.begun:  # of the silent nothing is unread: the end is no reset
            self.drop(pending)

    def _fail(self, pending: Pending, kind: str, refusal: Refusal) -> None:
        """What a peer did wrong costs its source; what a proxy did wrong costs nobody."""
        if not pending.proxied:
            self.charge(pending, kind)
        self.refuse(pending, refusal)
