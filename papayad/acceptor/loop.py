"""The acceptor: one selector for all that it waits for, and no client among it (design section 8).

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

from papayad.acceptor.accept import Accepting
from papayad.acceptor.admission import judge
from papayad.acceptor.clients import Clients, Known, end
from papayad.acceptor.credentials import Credentials
from papayad.acceptor.events import Rank, Watching
from papayad.acceptor.lobby import Authenticating
from papayad.acceptor.pending import Greeted, Pending, Terms
from papayad.acceptor.reaper import Reaping
from papayad.acceptor.reload import Reloaded, reload
from papayad.cluster import begin
from papayad.cluster.begin import Client, Shared
from papayad.errors import Fault
from papayad.formats import titles
from papayad.formats.wire import Refusal
from papayad.net.keepalive import set_options
from papayad.state import marks, pidfile, roster
from papayad.state.tokens import Token
from papayad.system.proctitle import set_title
from papayad.system.signals import Signals
from papayad.system.spawn import spawn

_QUIET = 60.0  # seconds between two lines that say the same


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
        self._roster = roster.directory(shared.settings.state_dir)
        self._clients = Clients(self._roster)
        self._reaping = Reaping(shared)
        self._watching = Watching()
        self._serial = count()
        self._authenticating = Authenticating(shared, terms, self._watching, self._judge)
        self._accepting = Accepting(
            self._watching,
            self._authenticating.receive,
            self._authenticating.make_descriptors,
            shared.journal,
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
        self._authenticating.go_on(now)
        self._accepting.go_on(now)

    def _patience(self) -> float | None:
        """Seconds until something is due; None, and no wakeup at all, in an idle room."""
        times = (self._authenticating.due(), self._accepting.due())
        known = [time for time in times if time is not None]
        return max(0.0, min(known) - time.monotonic()) if known else None

    # clients

    def _judge(self, pending: Pending, greeted: Greeted) -> None:
        self._renew_pid_file()
        try:
            verdict = judge(
                greeted.hello, pending.host, self._credentials, self._clients, self._shared.settings
            )
        except OSError as error:  # state_dir is away, or no longer ours
            self._cannot(pending, error)
            return
        if verdict.token:
            self._authenticating.trust(pending)
        elif verdict.refusal and verdict.refusal.reason == "auth":
            self._authenticating.charge(pending, "auth")
        if verdict.refusal:
            self._authenticating.refuse(pending, verdict.refusal, verdict.user)
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
        room = self._shared.settings.room
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
                set_options(pending.socket, self._shared.settings.limits.dead_peer_seconds)
            pid = spawn(lambda: begin.begin(client, descriptor, self._shared), self._journal)
        except OSError as error:
            (self._roster / entry.name).unlink(missing_ok=True)
            self._cannot(pending, error)
            return
        finally:
            os.close(descriptor)
        self._clients.add(entry, pid)
        for known in older:
            end(known)
        self._authenticating.drop(pending)
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
        self._authenticating.refuse(
            pending, Refusal("busy", "no process to be had, try again later")
        )

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
        old = Reloaded(self._shared.settings, self._listening, self._terms)
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
        self._authenticating.take(self._shared.settings, self._terms)
        self._accepting.begin(self._listening.values())
        for listener in closing:
            listener.close()
        self._set_title()

    def _close(self) -> None:
        """The port first: whoever waits for this process's end finds it closed."""
        for listener in self._listening.values():
            listener.close()
        self._authenticating.close()
        self._journal.info(f"stopped accepting; {self._clients.count()} clients go on")

    def _set_title(self) -> None:
        room = self._shared.settings.room
        set_title(titles.acceptor(room, list(self._listening)))


def _own() -> Rank:
    return Rank.OWN
