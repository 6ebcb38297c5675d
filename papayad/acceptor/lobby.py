"""The lobby: connections until they have said who they are, and come in (design section 8).

Lives in the acceptor. It decides which connection has to wait or to go, what a failure costs, and
when the time is up. It judges each whole hello, and hands on those that may come in as one
`Admitted`.
"""

import socket
import time
from collections.abc import Callable

from papayad.acceptor.admission import NOBODY, Admission, Admitted, Refused
from papayad.acceptor.events import Events, Rank
from papayad.acceptor.eviction import Eviction
from papayad.acceptor.penalties import Penalties
from papayad.acceptor.pending import Closed, Declined, Greeted, Introduced, Pending, Terms
from papayad.cluster.shared import Shared
from papayad.formats.address import is_in, source_of
from papayad.formats.wire import Refusal
from papayad.settings import Settings
from papayad.system import malloc

_REFUSED_READS_FOR = 2.0  # seconds that a refused peer has to read its answer
_BEHIND = 0.1  # seconds that a peer waited for us, after which its deadline moves
_LOSES_PATIENCE_AFTER = 1.0  # seconds, a peer that waits for us
_KEEPS_WAITING_AFTER = 1.0  # seconds of silence; young connections of a crowd have a slow processor
_LOOKED_AT = 4  # connections of a source that holds as many as it may, at each newcomer
_FLOOD = 100  # pending connections at once, after which memory is given back
_SPARE = 16  # descriptors to free when they have run out: to let a client in takes some, too
_PROXY = "proxy"  # the source of a connection whose proxy has not named the client yet


class Lobby:
    """All of them. `admit` gets those that may come in; if it raises OSError, they get `busy`."""

    def __init__(
        self,
        shared: Shared,
        terms: Terms,
        events: Events,
        admission: Admission,
        admit: Callable[[Admitted], None],
    ) -> None:
        self._settings = shared.settings
        self._journal = shared.journal
        self._terms = terms
        self._events = events
        self._admission = admission
        self._admit = admit
        self._eviction = Eviction()
        limits = shared.settings.limits
        self._penalties = Penalties(shared.settings.state_dir, limits, shared.journal)

    def reconfigure(self, settings: Settings, terms: Terms) -> None:
        """Use these settings from now on, after a reload."""
        self._settings, self._terms = settings, terms
        self._admission.reconfigure(settings)
        self._penalties.reconfigure(settings.limits)

    def receive(self, client: socket.socket, host: str, port: int) -> None:
        """Take a new connection, from a proxy or not; close it if its source has to wait."""
        limits = self._settings.limits
        proxied = is_in(host, self._settings.listen.proxies)
        source = _PROXY if proxied else source_of(host)
        if not proxied and self._penalties.refuses(source, host):
            client.close()
            return
        deadline = time.monotonic() + limits.auth_seconds
        pending = Pending(client, (host, port), source, deadline, proxied)
        if not proxied:
            self._make_room(source)
        self._make_place()
        self._eviction.add(pending)
        self._events.add(
            client, lambda: self._rank(pending), lambda waited: self._hear(pending, waited)
        )

    def make_descriptors(self) -> bool:
        """Evict some connections, in the order of eviction; False if there is none to evict."""
        some = min(_SPARE, (len(self._eviction) + 1) // 2)
        for _ in range(some):
            self._drop(self._eviction.victim())
        return some > 0

    def due(self) -> float | None:
        """When there is something to do, None while nothing is pending."""
        times = (self._eviction.next_deadline(), self._penalties.due())
        return min((time for time in times if time is not None), default=None)

    def go_on(self, now: float) -> None:
        """Do what is due now."""
        for pending in self._eviction.overdue(now):
            self._time_is_up(pending)
        if self._eviction.is_over(_FLOOD):
            malloc.trim()
        self._penalties.mark_waiting()

    def close(self) -> None:
        for pending in list(self._eviction):
            pending.socket.close()

    def _rank(self, pending: Pending) -> Rank:
        if pending.refused:
            return Rank.REFUSED
        if self._eviction.trusts(pending.source):
            return Rank.FRIEND
        return Rank.PROCEEDING if pending.proceeds else Rank.STRANGER

    def _make_room(self, source: str) -> None:
        """If the source holds as many as it may, evict those of it that keep us waiting.

        Those that proceed may be more: forty who come at the full hour behind one address.
        """
        for _ in range(_LOOKED_AT):
            if self._eviction.held_by(source) < self._settings.limits.max_pending_per_source:
                return
            one = self._eviction.victim_of(source)
            if one.refused or (
                time.monotonic() - one.heard_at > _KEEPS_WAITING_AFTER and not one.has_unread()
            ):
                self._drop(one)

    def _make_place(self) -> None:
        if len(self._eviction) >= self._settings.limits.max_pending:
            self._drop(self._eviction.victim())

    def _hear(self, pending: Pending, waited: float) -> None:
        """It is readable, and has been for so many seconds."""
        if pending.socket.fileno() < 0:  # evicted at this turn
            return
        pending.hear(waited)
        if waited > _BEHIND and not pending.refused:
            self._eviction.wake_at(pending.deadline, pending)
        self._advance(pending)

    def _advance(self, pending: Pending) -> None:
        try:
            answer = pending.advance(self._terms)
        except Declined:
            words = "it does not take our certificate"  # no failure, and no penalty
            self._penalties.say("declined", pending.host, pending.source, "-", words)
            self._drop(pending)
            return
        except Closed:
            if pending.begun and not pending.refused and not self._is_ours(pending):
                self._charge(pending, "handshake")
            self._drop(pending)
            return
        if isinstance(answer, Refusal):
            self._fail(pending, "garbage", answer)
        elif isinstance(answer, Greeted):
            self._judge(pending, answer)
        elif isinstance(answer, Introduced):
            self._introduce(pending, answer)
        elif pending.proceeds:
            self._shake(pending)

    def _is_ours(self, pending: Pending) -> bool:
        """Whether it may have lost patience with us, and its source did not do so just now."""
        waited = pending.kept_waiting > _LOSES_PATIENCE_AFTER
        return waited and self._penalties.excuses(pending.source)

    def _shake(self, pending: Pending) -> None:
        self._eviction.shakes(pending)
        if victim := self._eviction.shaking_victim():
            self._drop(victim)

    def _introduce(self, pending: Pending, answer: Introduced) -> None:
        """A proxy's header came: from now on the connection is that of the client that it names."""
        if answer.host:
            pending.host, pending.port = answer.host, answer.port
            source = source_of(pending.host)
            if self._penalties.refuses(source, pending.host):
                self._drop(pending)
                return
            self._make_room(source)
            self._eviction.move(pending, source)
        self._advance(pending)

    def _judge(self, pending: Pending, greeted: Greeted) -> None:
        try:
            verdict = self._admission.judge(greeted.hello, pending.host)
            if isinstance(verdict, Refused):
                self._turn_away(pending, verdict)
                return
            self._eviction.authenticated(pending.source)
            self._admit(
                Admitted(
                    pending.socket, pending.peer, pending.tls, greeted, verdict.token, verdict.older
                )
            )
        except OSError as error:  # no process left, or state_dir is away or no longer ours
            self._journal.error(f"no cluster for {pending.peer}: {error.strerror}")
            self._refuse(pending, Refusal("busy", "no process to be had, try again later"))
            return
        self._drop(pending)

    def _turn_away(self, pending: Pending, refused: Refused) -> None:
        if refused.known:  # the source has a valid token: its connections come first from now on
            self._eviction.authenticated(pending.source)
        elif refused.refusal.reason == "auth":
            self._charge(pending, "auth")
        self._refuse(pending, refused.refusal, refused.user)

    def _refuse(self, pending: Pending, refusal: Refusal, user: str = NOBODY) -> None:
        """Answer, and go on reading for a moment, so that the answer arrives."""
        self._penalties.say(refusal.reason, pending.host, pending.source, user, refusal.words)
        pending.refuse(refusal)
        self._eviction.wake_at(time.monotonic() + _REFUSED_READS_FOR, pending)

    def _time_is_up(self, pending: Pending) -> None:
        if pending.refused:
            self._drop(pending)
        elif pending.has_unread():  # then we are late, and its turn will come
            self._eviction.wake_at(time.monotonic() + self._settings.limits.auth_seconds, pending)
        else:
            self._fail(pending, "deadline", Refusal("busy", "no complete hello in time"))
            if not pending.begun:  # a silent peer left nothing unread: no reset
                self._drop(pending)

    def _fail(self, pending: Pending, kind: str, refusal: Refusal) -> None:
        """Refuse, and charge the source, unless the proxy itself did wrong: that charges nobody."""
        if not pending.proxied:
            self._charge(pending, kind)
        self._refuse(pending, refusal)

    def _charge(self, pending: Pending, kind: str) -> None:
        """Count a failure, of one of the kinds of penalty.WEIGHTS."""
        self._penalties.charge(kind, pending.host, pending.source)

    def _drop(self, pending: Pending) -> None:
        self._events.remove(pending.socket)
        self._eviction.remove(pending)
        pending.socket.close()
