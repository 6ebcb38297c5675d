"""What the acceptor remembers of the clusters: for limits, takeover, and knowing of their ends.

Its own children tell with SIGCHLD. Those of former acceptors are not its children: on Linux a pidfd
of each tells, and elsewhere their roster locks are looked at when it matters.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from papayad import roster, system


@dataclass(frozen=True, slots=True)
class Known:
    """A cluster: `pid` is RECV's, `pidfd` is -1 for an own child."""

    entry: roster.Entry
    pid: int
    pidfd: int = -1


class Clients:
    """The clusters of all generations, by the name of their roster entry."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Known] = {}
        self._children: dict[int, str] = {}

    def adopt(self) -> list[int]:
        """Take in the clusters of former acceptors; returns the pidfds that tell of their ends."""
        pidfds = []
        for entry in roster.living(self._path):
            pidfd = _open_pidfd(entry.recv)
            if roster.is_live(self._path, entry.name):  # so the pidfd is RECV's, not a stranger's
                self._known[entry.name] = Known(entry, entry.recv, pidfd)
                if pidfd >= 0:
                    pidfds.append(pidfd)
            elif pidfd >= 0:
                os.close(pidfd)
        return pidfds

    def add(self, entry: roster.Entry, pid: int) -> None:
        self._known[entry.name] = Known(entry, pid)
        self._children[pid] = entry.name

    def child_ended(self, pid: int) -> str | None:
        """Forget an own child; returns the name of its entry, None when it was no cluster."""
        name = self._children.pop(pid, None)
        if name is not None:
            self._known.pop(name, None)
        return name

    def adopted_ended(self, pidfd: int) -> str:
        """Forget an adopted cluster and close its pidfd; returns the name of its entry."""
        name = next(known.entry.name for known in self._known.values() if known.pidfd == pidfd)
        del self._known[name]
        os.close(pidfd)
        return name

    def count(self) -> int:
        return sum(1 for _ in self._living())

    def count_of(self, user: str) -> int:
        return sum(1 for known in self._living() if known.entry.user == user)

    def of_session(self, user: str, session: str) -> list[Known]:
        """The clusters that a new connection of this session takes over."""
        if not session:
            return []
        return [
            known
            for known in self._living()
            if known.entry.user == user and known.entry.session == session
        ]

    def _living(self) -> Iterator[Known]:
        """All but those whose end nobody tells of and whose locks are free."""
        for known in list(self._known.values()):
            told = known.pidfd >= 0 or known.pid in self._children
            if told or roster.is_live(self._path, known.entry.name):
                yield known
            else:
                del self._known[known.entry.name]


def end(known: Known) -> None:
    """Ask RECV, and by its death SEND, to end; also when it is stopped. The pid is surely its:

    an own child was not waited for yet, a pidfd cannot mean another process, and elsewhere the
    entry's lock was just seen to be held.
    """
    with suppress(ProcessLookupError):
        for signum in (signal.SIGTERM, signal.SIGCONT):
            if known.pid > 1:
                system.send_signal(known.pid, known.pidfd, signum)


def _open_pidfd(pid: int) -> int:
    try:
        return system.open_pidfd(pid) if pid > 1 else -1
    except OSError:
        return -1
