"""The acceptor: listening sockets and pending connections in one selector (design section 8).

It checks who comes and forks a cluster for each who may. It never reads or writes the chat log and
never waits for its lock, for a client or for a disk; it survives every client, and its own end
touches none of them. A handler records and wakes; the loop works.
"""

import os
import signal
import socket
import time
from contextlib import suppress
from itertools import count

from papayad import cluster, marks, pidfile, roster, titles, trimming
from papayad.accepting import Accepting
from papayad.admission import Admission, is_in, source_of
from papayad.clients import Clients, Known, end
from papayad.cluster import Client, Shared
from papayad.credentials import Credentials
from papayad.errors import Fault
from papayad.judging import NOBODY, judge
from papayad.keepalive import set_options
from papayad.penalizing import Penalizing
from papayad.pending import Closed, Greeted, Introduced, Pending, Terms
from papayad.proctitle import set_title
from papayad.reaping import Reaping
from papayad.reloading import Reloaded, reload
from papayad.signals import Signals
from papayad.spawn import spawn
from papayad.tokens import Token
from papayad.watching import Rank, Watching
from papayad.wire import Refusal

_QUIET = 60.0  # seconds between two lines that say the same
_FAREWELL = 2.0  # seconds for a refused peer to read its answer
_FLOOD = 100  # pending connections at once, after which memory is given back
_SPARE = 16  # descriptors to make free when they have run out: who comes in needs one, too
_PROXY = "proxy"  # the source of connections whose proxy has not yet said whom it speaks for


class Acceptor:
    """One incarnation. `run` returns when it was asked to stop, with the port closed."""

    def __init__(
        self,
        shared: Shared,
        listening: dict[str, socket.socket],
        terms: Terms,
        credentials: Credentials,
        pid_file: int,
    ) -> None:
        self._shared = shared
        self._pid_file = pid_file
        self._listening = listening
        self._terms = terms
        self._credentials = credentials
        self._journal = shared.journal
        self._roster = roster.directory(shared.config.state_dir)
        self._admission = Admission()
        limits = shared.config.limits
        self._penalizing = Penalizing(shared.config.state_dir, limits, shared.journal)
        self._clients = Clients(self._roster)
        self._reaping = Reaping(shared)
        self._watching = Watching()
        self._serial = count()
        self._accepting = Accepting(
            self._watching, self._receive, self._make_descriptors, shared.journal
        )
        self._renew_after = 0.0  # while the pid file cannot be made again
        self._stopping = False

    def run(self, signals: Signals) -> None:
        self._watching.add(signals.descriptor, _own, lambda: self._take_signals(signals))
        for pidfd in self._clients.adopt():
            self._watching.add(pidfd, _own, lambda pidfd=pidfd: self._adopted_ended(pidfd))  # type: ignore[misc]
        self._reaping.add(roster.gone(self._roster))
        self._accepting.begin(self._listening.values())
        self._set_title()
        while not self._stopping:
            self._turn()
        self._close()

    def _turn(self) -> None:
        self._watching.turn(self._patience())
        now = time.monotonic()
        for pending in self._admission.overdue(now):
            self._time_is_up(pending)
        if self._admission.is_over(_FLOOD):
            trimming.trim()
        self._penalizing.mark_waiting()
        self._accepting.go_on(now)

    def _patience(self) -> float | None:
        """Seconds until something is due; None, and no wakeup at all, in an idle room."""
        times = (self._admission.next_deadline(), self._accepting.due(), self._penalizing.due())
        known = [time for time in times if time is not None]
        return max(0.0, min(known) - time.monotonic()) if known else None

    # connections

    def _receive(self, client: socket.socket, host: str, port: int) -> None:
        """A new connection: from a proxy, from a source that has to wait, or one that may speak."""
        limits = self._shared.config.limits
        proxied = is_in(host, self._shared.config.listen.proxies)
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

    def _rank(self, pending: Pending) -> Rank:
        if pending.refused:
            return Rank.REFUSED
        if self._admission.trusts(pending.source):
            return Rank.FRIEND
        return Rank.PROCEEDING if pending.proceeds else Rank.STRANGER

    def _make_room(self, source: str) -> bool:
        """A source that holds all that it may loses one of its own; whether that was so."""
        full = self._admission.held_by(source) >= self._shared.config.limits.max_pending_per_source
        if full:
            self._drop(self._admission.victim_of(source))
        return full

    def _make_place(self) -> None:
        if len(self._admission) >= self._shared.config.limits.max_pending:
            self._drop(self._admission.victim())

    def _make_descriptors(self) -> bool:
        """Evict some, in the order of eviction; False when there is nobody to evict."""
        some = min(_SPARE, (len(self._admission) + 1) // 2)
        for _ in range(some):
            self._drop(self._admission.victim())
        return some > 0

    def _advance(self, pending: Pending) -> None:
        if pending.socket.fileno() < 0:  # evicted at this turn
            return
        try:
            answer = pending.advance(self._terms)
        except Closed:
            if pending.begun and not pending.refused:  # who says nothing at all may just look
                self._penalizing.charge("handshake", pending.host, pending.source)
            self._drop(pending)
            return
        if isinstance(answer, Refusal):
            self._fail(pending, "garbage", answer)
        elif isinstance(answer, Greeted):
            self._judge(pending, answer)
        elif isinstance(answer, Introduced):
            self._introduce(pending, answer)

    def _introduce(self, pending: Pending, answer: Introduced) -> None:
        """A proxy's header came: from now on it is the connection of whom it speaks for."""
        if answer.host:
            pending.host, pending.port = answer.host, answer.port
            source = source_of(pending.host)
            if self._penalizing.refuses(source, pending.host):
                self._drop(pending)
                return
            self._make_room(source)
            self._admission.move(pending, source)
        self._advance(pending)

    def _time_is_up(self, pending: Pending) -> None:
        refused = pending.refused
        if not refused:
            self._fail(pending, "deadline", Refusal("auth", "no complete hello in time"))
        if refused or not pending.begun:  # of the silent nothing is unread: the end is no reset
            self._drop(pending)

    def _fail(self, pending: Pending, kind: str, refusal: Refusal) -> None:
        """What a peer did wrong costs its source; what a proxy did wrong costs nobody."""
        if not pending.proxied:
            self._penalizing.charge(kind, pending.host, pending.source)
        self._refuse(pending, refusal)

    def _refuse(self, pending: Pending, refusal: Refusal, user: str = NOBODY) -> None:
        """Answer and go on reading for a moment, so that the answer arrives."""
        self._penalizing.say(refusal.reason, pending.host, pending.source, user, refusal.words)
        pending.refuse(refusal)
        self._admission.wake_at(time.monotonic() + _FAREWELL, pending)

    def _drop(self, pending: Pending) -> None:
        self._watching.remove(pending.socket)
        self._admission.remove(pending)
        pending.socket.close()

    # clients

    def _judge(self, pending: Pending, greeted: Greeted) -> None:
        self._renew_pid_file()
        try:
            verdict = judge(
                greeted.hello, pending.host, self._credentials, self._clients, self._shared.config
            )
        except OSError as error:  # state_dir is away, or no longer ours
            self._cannot(pending, error)
            return
        if verdict.token:
            self._admission.authenticated(pending.source)
        elif verdict.refusal and verdict.refusal.reason == "auth":
            self._penalizing.charge("auth", pending.host, pending.source)
        if verdict.refusal:
            self._refuse(pending, verdict.refusal, verdict.user)
        elif verdict.token:
            self._let_in(pending, greeted, verdict.token, verdict.older)

    def _let_in(
        self, pending: Pending, greeted: Greeted, token: Token, older: tuple[Known, ...]
    ) -> None:
        """Fork the cluster; from then on the connection is its alone."""
        try:
            entry = self._entry(pending, greeted, token)
            entry, descriptor = roster.enter(self._shared.roster, entry)
        except OSError as error:
            self._cannot(pending, error)
            return
        names = tuple(known.entry.name for known in older)
        room = self._shared.config.room
        both = (
            titles.client(room, entry.user, entry.peer, titles.RECV),
            titles.client(room, entry.user, entry.peer, titles.SEND),
        )
        client = Client(
            pending.socket, greeted.hello, pending.tls, greeted.rest, greeted.compat, entry,
            names, both,
        )  # fmt: skip
        try:
            with suppress(OSError):  # it left already; RECV will see that
                set_options(pending.socket, self._shared.config.limits.dead_peer_seconds)
            pid = spawn(lambda: cluster.begin(client, descriptor, self._shared), self._journal)
        except OSError as error:
            (self._roster / entry.name).unlink(missing_ok=True)
            self._cannot(pending, error)
            return
        finally:
            os.close(descriptor)
        self._clients.add(entry, pid)
        for known in older:
            end(known)
        self._drop(pending)
        marks.touch_seen(self._shared.state_dir, token.id)
        self._reaping.add(())  # there may not have been a process for it
        self._journal.info(f"{entry.user}@{entry.peer} joined with token {token.id}, pid {pid}")

    def _entry(self, pending: Pending, greeted: Greeted, token: Token) -> roster.Entry:
        group = os.getpgrp()
        return roster.Entry(
            name=f"{group}.{next(self._serial)}",
            user=token.user,
            peer=pending.peer,
            since=time.time(),
            group=group,
            session=greeted.hello.session,
            token=token.id,
            presence=greeted.hello.presence,
        )

    def _cannot(self, pending: Pending, error: OSError) -> None:
        self._journal.error(f"no cluster for {pending.peer}: {error.strerror}")
        self._refuse(pending, Refusal("busy", "no process to be had, try again later"))

    def _renew_pid_file(self) -> None:
        """Whoever wiped run_dir did not end the acceptor; it sees that when somebody comes."""
        now = time.monotonic()
        if now < self._renew_after:
            return
        try:
            self._pid_file = pidfile.renew(self._shared.pid_file, self._pid_file)
        except Fault as fault:
            self._journal.error(f"papayactl cannot find this acceptor: {fault}")
            self._renew_after = now + _QUIET

    # ends

    def _take_signals(self, signals: Signals) -> None:
        arrived = signals.take()
        if signal.SIGCHLD in arrived:
            self._wait_for_children()
        if signal.SIGHUP in arrived:
            self._reload()
        if arrived & {signal.SIGTERM, signal.SIGINT}:
            self._stopping = True

    def _wait_for_children(self) -> None:
        gone = []
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                if not self._reaping.child_ended(pid, status):
                    gone.append(self._clients.child_ended(pid))
        self._reaping.add(name for name in gone if name)

    def _adopted_ended(self, pidfd: int) -> None:
        self._watching.remove(pidfd)
        self._reaping.add([self._clients.adopted_ended(pidfd)])

    def _reload(self) -> None:
        """Configuration, tokens, certificate, addresses; what is broken keeps its old state."""
        old = Reloaded(self._shared.config, self._listening, self._terms)
        fresh = reload(old, self._journal)
        self._credentials.refresh()
        closing = [
            listener
            for address, listener in self._listening.items()
            if fresh.listening.get(address) is not listener
        ]
        self._listening, self._terms = fresh.listening, fresh.terms
        self._shared = fresh.shared(self._shared)
        self._reaping.shared = self._shared
        self._penalizing.take_limits(self._shared.config.limits)
        self._accepting.begin(self._listening.values())
        for listener in closing:
            listener.close()
        self._set_title()

    def _close(self) -> None:
        """The port first: whoever waits for this process's end finds it closed."""
        for listener in self._listening.values():
            listener.close()
        for pending in list(self._admission):
            pending.socket.close()
        self._journal.info(f"stopped accepting; {self._clients.count()} clients go on")

    def _set_title(self) -> None:
        room = self._shared.config.room
        set_title(titles.acceptor(room, list(self._listening)))


def _own() -> Rank:
    return Rank.OWN
