"""The short-lived children of the acceptor that clear away: one of each kind (design section 5).

The acceptor never waits for the log's lock, so a child writes the `part` records. Clients that
leave meanwhile are all for the next child: a thousand that leave at once cost only a few
transactions. Another child ends a process that does not let go of that lock.
"""

import os
import time
from collections.abc import Iterable
from contextlib import suppress

from papayad.cluster.begin import announcer, reset_signals
from papayad.cluster.shared import Shared
from papayad.cluster.takeover import left_behind, wait_until_gone
from papayad.formats import titles
from papayad.log import holders, presence
from papayad.log.appender import Appender
from papayad.net.private_key import blot_out
from papayad.sandbox.rlimits import confine
from papayad.system import descriptors
from papayad.system.proctitle import set_title
from papayad.system.spawn import spawn

_LOOKS_AGAIN_AFTER = 5.0  # seconds


class Reaper:
    """Roster entries of clusters that ended, and the child that removes them."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._waiting: set[str] = set()
        self._under_way: set[str] = set()
        self._child = 0

    def add(self, names: Iterable[str]) -> None:
        """Have these entries removed, if they are still there, and those that failed before."""
        for name in names:
            if os.path.exists(f"{self.shared.roster}/{name}"):
                self._waiting.add(name)
        self._start()

    def child_ended(self, pid: int, status: int) -> bool:
        """Whether that was the reaper; if it failed, the next one tries its entries again."""
        if pid != self._child:
            return False
        failed, self._under_way, self._child = self._under_way, set(), 0
        if status == 0:
            self._start()
        else:
            self._waiting |= failed
        return True

    def _start(self) -> None:
        if self._child or not self._waiting:
            return
        names = self._waiting
        with suppress(OSError):  # no process left: the next event tries again
            self._child = spawn(lambda: _reap(self.shared, names), self.shared.journal)
            self._waiting, self._under_way = set(), names


class Warden:
    """The child that ends whoever does not let go of the log's lock."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self._child = 0
        self._not_before = 0.0

    def look(self) -> None:
        """Somebody has waited for seconds. Whoever cries wolf costs a process now and then."""
        now = time.monotonic()
        if self._child or now < self._not_before:
            return
        self._not_before = now + _LOOKS_AGAIN_AFTER
        with suppress(OSError):  # no process to be had: it will be rung for again
            self._child = spawn(lambda: _look(self.shared), self.shared.journal)

    def child_ended(self, pid: int) -> bool:
        """Whether that was it."""
        if pid != self._child:
            return False
        self._child = 0
        return True


def _begin(shared: Shared) -> None:
    """A child's first steps: away with what is the acceptor's."""
    descriptors.close_all_but(shared.kept)
    blot_out(shared.key)
    reset_signals()
    set_title(titles.reaper(shared.settings.room))


def _look(shared: Shared) -> None:
    """The warden's child: in no sandbox, since it ends processes, and heard above all clusters."""
    shared.journal.reopen()
    _begin(shared)
    holders.end_lasting(shared.settings.state_dir, shared.journal.warning)


def _reap(shared: Shared, names: set[str]) -> None:
    """Live as the reaper. It announces in any case: the RECV that ended may not have done it.

    The acceptor hears of the end of RECV; SEND dies by that end a moment later.
    """
    journal = shared.journal
    journal.speak_through(shared.relay)
    _begin(shared)
    descriptors.silence_standard_streams()
    confine(titles.REAPER, shared.settings.limits.cpu_seconds, shared.file_bytes)
    left = wait_until_gone(shared.roster, names)
    announce = announcer(shared.groups)
    appender = Appender(
        shared.state_dir, shared.settings.chatlog, announce, journal.warning, journal.ring
    )
    shared.sandbox.enter(titles.REAPER)
    presence.reap(appender, shared.roster, names - set(left))
    announce()
    if left:
        journal.error(f"{left_behind(left)}; tried again when somebody comes or goes")
        os._exit(os.EX_TEMPFAIL)
