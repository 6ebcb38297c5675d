"""The clusters that the acceptor knows: for limits, for takeovers, and to notice when they end.

The end of an own child comes as SIGCHLD. Clusters of former acceptors are not its children: on
Linux it has a pidfd of each, and elsewhere it looks at their roster locks when it matters.
"""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from papayad.state import roster
from papayad.system import platform


@dataclass(frozen=True, slots=True)
class Known:
    """A cluster: `pid` is RECV's, `pidfd` is -1 for an own child."""

    entry: roster.Entry
    pid: int
    pidfd: int = -1


class Clients:
    """The clusters of all acceptors, by the name of their roster entry."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, Known] = {}
        self._of: dict[str, set[str]] = {}  # the names of each user's clusters
        self._children: dict[int, str] = {}
        self._untold: set[str] = set()  # only their locks show whether they have ended

    def adopt(self) -> list[int]:
        """Take in the clusters of former acceptors; return the pidfds that show when they end."""
        pidfds = []
        for entry in roster.living(self._path):
            pidfd = _open_pidfd(entry.recv)
            if roster.is_live(self._path, entry.name):  # so the pidfd is RECV's, not a stranger's
                self._keep(Known(entry, entry.recv, pidfd))
                if pidfd >= 0:
                    pidfds.append(pidfd)
                else:
                    self._untold.add(entry.name)
            elif pidfd >= 0:
                os.close(pidfd)
        return pidfds

    def add(self, entry: roster.Entry, pid: int) -> None:
        self._keep(Known(entry, pid))
        self._children[pid] = entry.name

    def child_ended(self, pid: int) -> roster.Entry | None:
        """Forget an own child; returns its entry, None when it was no cluster."""
        name = self._children.pop(pid, None)
        return None if name is None else self._forget(name)

    def adopted_ended(self, pidfd: int) -> roster.Entry:
        """Forget an adopted cluster and close its pidfd; returns its entry."""
        name = next(known.entry.name for known in self._known.values() if known.pidfd == pidfd)
        os.close(pidfd)
        return self._forget(name)

    def count(self) -> int:
        """How many there are. It does not look at each: every page that the acceptor writes to
        between
        two forks costs each later cluster a copy."""
        self._look_after_untold()
        return len(self._known)

    def count_of(self, user: str) -> int:
        self._look_after_untold()
        return len(self._of.get(user, ()))

    def of_session(self, user: str, session: str) -> list[Known]:
        """The clusters that a new connection of this session takes over."""
        if not session:
            return []
        self._look_after_untold()
        known = [self._known[name] for name in sorted(self._of.get(user, ()))]
        return [one for one in known if one.entry.session == session]

    def _keep(self, known: Known) -> None:
        self._known[known.entry.name] = known
        self._of.setdefault(known.entry.user, set()).add(known.entry.name)

    def _forget(self, name: str) -> roster.Entry:
        entry = self._known.pop(name).entry
        self._of[entry.user].discard(name)
        if not self._of[entry.user]:
            del self._of[entry.user]
        self._untold.discard(name)
        return entry

    def _look_after_untold(self) -> None:
        for name in list(self._untold):
            if not roster.is_live(self._path, name):
                self._forget(name)


def end(known: Known) -> None:
    """Ask RECV to end, even if it is stopped; SEND ends with it.

    The pid is certainly that of RECV: an own child was not waited for yet, a pidfd cannot mean
    another process, and elsewhere the entry's lock was held a moment ago. An entry that an attacker
    wrote may name a process of another user, which the kernel keeps from us.
    """
    with suppress(ProcessLookupError, PermissionError):
        for signum in (signal.SIGTERM, signal.SIGCONT):
            if known.pid > 1:
                platform.send_signal(known.pid, known.pidfd, signum)


def _open_pidfd(pid: int) -> int:
    try:
        return platform.open_pidfd(pid) if pid > 1 else -1
    except OSError:
        return -1
