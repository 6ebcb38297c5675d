"""The acceptor: one selector for everything that it waits for, but no client (design section 8).

It checks each connection and forks a cluster for each that may come in. It never reads or writes
the chat log and never waits for its lock, for a client or for a disk. It survives every client, and
when it ends, the clients go on. A signal handler records and wakes; the loop works.
"""

import os
import signal
import socket
import time
from contextlib import suppress
from dataclasses import replace

from papayad.acceptor.accept import Accept
from papayad.acceptor.admission import Admission, Admitted
from papayad.acceptor.clients import Clients
from papayad.acceptor.credentials import Credentials
from papayad.acceptor.events import Events, Rank
from papayad.acceptor.forker import Forker
from papayad.acceptor.lobby import Lobby
from papayad.acceptor.pending import Terms
from papayad.acceptor.reaper import Reaper, Warden
from papayad.acceptor.reload import Reloaded, reload
from papayad.cluster.relay import Relay
from papayad.cluster.shared import Shared, share
from papayad.errors import Fault
from papayad.formats import titles
from papayad.state import force, history, pidfile, roster
from papayad.state.force import InForce
from papayad.system import journal
from papayad.system.proctitle import set_title
from papayad.system.signals import Signals

_SAID_AGAIN_AFTER = 60.0  # seconds


class Acceptor:
    """One acceptor: `begin`, then `run`, which returns when it was asked to stop."""

    def __init__(
        self,
        shared: Shared,
        listening: dict[str, socket.socket],
        terms: Terms,
        credentials: Credentials,
        pid_file: int,
        relay: int,
    ) -> None:
        self._shared = shared
        self._listening = listening
        self._terms = terms
        self._credentials = credentials
        self._pid_file = pid_file
        self._journal = shared.journal
        self._clients = Clients(roster.directory(shared.settings.state_dir))
        self._forker = Forker(shared, self._clients)
        self._reaper = Reaper(shared)
        self._warden = Warden(shared)
        self._relay = Relay(relay, shared.journal, self._warden.look)
        self._events = Events()
        admission = Admission(credentials, self._clients, shared.settings)
        self._lobby = Lobby(shared, terms, self._events, admission, self._admit)
        self._accept = Accept(
            self._events, self._lobby.receive, self._lobby.make_descriptors, shared.journal
        )
        self._renew_after = 0.0  # while the pid file cannot be made again
        self._stopping = False
        confined = shared.sandbox
        self._in_force = InForce(
            os.getpid(), 0, (), "", sandbox=confined.in_force(), without=confined.missing()
        )

    def begin(self, signals: Signals) -> None:
        """Take in the clusters that former acceptors left. Raises OSError."""
        self._events.add(signals.descriptor, _own, lambda _: self._serve_signals(signals))
        self._events.add(self._relay.descriptor, _own, lambda _: self._hear())
        for pidfd in self._clients.adopt():
            self._events.add(pidfd, _own, lambda _, pidfd=pidfd: self._adopted_ended(pidfd))  # type: ignore[misc]
        self._reaper.add(roster.gone(self._shared.roster))
        self._accept.begin(self._listening.values())
        self._set_title()
        self._say_what_is_in_force([])

    def run(self) -> int:
        """Serve; the port is closed when it returns how many clients go on."""
        while not self._stopping:
            self._turn()
        return self._close()

    def _turn(self) -> None:
        self._events.turn(self._patience())
        now = time.monotonic()
        self._lobby.go_on(now)
        self._accept.go_on(now)
        if self._relay.is_due(now):
            self._events.add(self._relay.descriptor, _own, lambda _: self._hear())

    def _patience(self) -> float | None:
        """Seconds until something is due; None in an idle room, where nothing wakes it."""
        times = (self._lobby.due(), self._accept.due(), self._relay.due)
        known = [time for time in times if time is not None]
        return max(0.0, min(known) - time.monotonic()) if known else None

    def _admit(self, admitted: Admitted) -> None:
        self._renew_pid_file()
        self._forker.fork(admitted)
        self._reaper.add(())  # it may not have started for lack of a process

    def _hear(self) -> None:
        """What the children say; one that says too much is heard again after a rest."""
        self._relay.read()
        if self._relay.due:
            self._events.remove(self._relay.descriptor)

    def _renew_pid_file(self) -> None:
        """Make the pid file again if run_dir was wiped; it is looked at when a client comes."""
        now = time.monotonic()
        if now < self._renew_after:
            return
        try:
            before = self._pid_file
            self._pid_file = pidfile.renew(self._shared.pid_file, before)
            if self._pid_file != before:
                self._write_in_force()
        except Fault as fault:
            self._journal.error(f"papayactl cannot find this acceptor: {fault}")
            self._renew_after = now + _SAID_AGAIN_AFTER

    def _serve_signals(self, signals: Signals) -> None:
        arrived = signals.drain()
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
                if self._reaper.child_ended(pid, status) or self._warden.child_ended(pid):
                    continue
                if entry := self._clients.child_ended(pid):
                    self._note_end(entry, status)
                    gone.append(entry.name)
        self._reaper.add(gone)

    def _adopted_ended(self, pidfd: int) -> None:
        self._events.remove(pidfd)
        entry = self._clients.adopted_ended(pidfd)
        self._note_end(entry, None)
        self._reaper.add([entry.name])

    def _note_end(self, entry: roster.Entry, status: int | None) -> None:
        """Say who went, and why: what whoever ended it said, or how its RECV ended."""
        state_dir = self._shared.state_dir
        cause = history.bye(state_dir, entry.name) or _ending(status)
        history.remove_bye(state_dir, entry.name)
        history.went(state_dir, entry, cause)
        seconds = max(0, int(time.time() - entry.since))
        self._journal.info(
            f"{entry.user}@{entry.peer} went after {seconds} s: {cause}",
            MESSAGE_ID=journal.SESSION_ENDED,
            PAPAYA_USER=entry.user,
            PAPAYA_PEER=entry.peer,
            PAPAYA_SECONDS=str(seconds),
            PAPAYA_CAUSE=cause,
        )

    def _reload(self) -> None:
        """Read configuration, tokens, certificate, addresses; a broken file changes nothing."""
        old = Reloaded(self._shared.settings, self._listening, self._terms)
        fresh = reload(old, self._journal)
        faults = [fresh.fault] if fresh.fault else []
        faults += self._credentials.refresh()
        closing = [
            listener
            for address, listener in self._listening.items()
            if fresh.listening.get(address) is not listener
        ]
        self._listening, self._terms = fresh.listening, fresh.terms
        shared = self._shared
        shared = share(
            fresh.settings, shared.log, shared.group, shared.relay, shared.journal,
            shared.sandbox, fresh.terms.pins, fresh.terms.key,
        )  # fmt: skip
        self._shared = self._forker.shared = self._reaper.shared = self._warden.shared = shared
        self._lobby.reconfigure(shared.settings, self._terms)
        self._accept.begin(self._listening.values())
        for listener in closing:
            listener.close()
        self._set_title()
        self._say_what_is_in_force(faults)

    def _say_what_is_in_force(self, faults: list[str]) -> None:
        """To who asked for it, and to who wants to know; the old configuration is, with a fault."""
        old = self._in_force
        configuration = old.configuration if faults else force.digest(self._shared.settings.path)
        self._in_force = replace(
            old,
            generation=old.generation + 1,
            listening=tuple(self._listening),
            configuration=configuration,
            fault="; ".join(faults),
        )
        self._write_in_force()

    def _write_in_force(self) -> None:
        run_dir = self._shared.settings.pid_file.parent
        try:
            force.write(run_dir, self._in_force)
        except OSError as error:
            self._journal.error(f"{run_dir}: nobody sees what is in force: {error.strerror}")

    def _close(self) -> int:
        """Close the port first, so that whoever waits for this process to end finds it closed."""
        for listener in self._listening.values():
            listener.close()
        self._lobby.close()
        left = self._clients.count()
        self._journal.info(f"stopped accepting; {left} clients go on")
        return left

    def _set_title(self) -> None:
        room = self._shared.settings.room
        set_title(titles.acceptor(room, list(self._listening)))


def _ending(status: int | None) -> str:
    """How a RECV ended, for a person; the end of one that is no child of ours is not told."""
    if status is None:
        return "ended"
    if os.WIFSIGNALED(status):
        return f"killed by {signal.Signals(os.WTERMSIG(status)).name}"
    code = os.WEXITSTATUS(status)
    return {0: "left", os.EX_TEMPFAIL: "was busy"}.get(code, f"failed with {code}")


def _own() -> Rank:
    return Rank.OWN
