"""The acceptor's side of penalties: who is charged, refused, and told of (design section 8).

A source's failures are logged once a minute, in a line whose form stays as it is, for fail2ban:

    refused REASON user=NAME address=ADDRESS times=N: words

`user` is "-" if it is not known; `times` counts the failures since the last such line. The mark of
a source is written when the source begins to be refused, and otherwise once a second at most. All
sources together get a limited number of marks a second, so that an attack from thousands of sources
is no load on the disk that the log is on; the others wait and are written later, one by one. Lines
have the same limit, but those above it are lost. Whoever removes a mark forgives the source; that
needs no signal.
"""

import os
import time
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from papayad.formats.address import is_in
from papayad.net.throttle import Throttle
from papayad.settings import Limits
from papayad.state.penalty import Penalty, Scale, Table, mark, read_all, render
from papayad.system.journal import Journal

_SAID_AGAIN_AFTER = 60.0  # seconds between two lines about one source
_MARKED_AGAIN_AFTER = 1.0  # seconds between two marks of one source
_EXCUSED_AGAIN_AFTER = 5.0  # seconds, a source that lost patience with us
_MOST = 4096  # sources whose last line is remembered
_RATE, _BURST = 50.0, 200  # marks (and as many lines) a second, and at once


class Penalties:
    """The table of this acceptor; it begins with the marks that the last one left."""

    def __init__(self, state_dir: Path, limits: Limits, journal: Journal) -> None:
        self._state_dir = state_dir
        self._journal = journal
        self._table = Table()
        self._marked: set[str] = set()
        self._waiting: OrderedDict[str, None] = OrderedDict()  # their marks are not written yet
        self._said: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._excused: OrderedDict[str, float] = OrderedDict()  # until when not again
        self._marks = Throttle(_RATE, _BURST)
        self._lines = Throttle(_RATE, _BURST)
        self.reconfigure(limits)
        self._load()

    def reconfigure(self, limits: Limits) -> None:
        """Use these limits from now on, at start and after a reload."""
        self._scale = Scale(limits.penalty_threshold, limits.penalty_half_life)
        self._exempt = limits.penalty_exempt

    def refuses(self, source: str, host: str) -> bool:
        """Whether a source has to wait until its points have faded; asked at each accept."""
        penalty = self._table.get(source)
        if penalty is None or not penalty.refuses(self._scale, time.monotonic()):
            return False
        if self._is_forgiven(source):
            return False
        self.say("penalty", host, source, "-", "too many failures, for a while")
        return True

    def excuses(self, source: str) -> bool:
        """Whether a failure that may be ours is not charged: the first one, for some time.

        A client that lost patience comes again after a while; an attacker does so at once.
        """
        now = time.monotonic()
        if now < self._excused.get(source, 0.0):
            return False
        self._excused[source] = now + _EXCUSED_AGAIN_AFTER
        self._excused.move_to_end(source)
        if len(self._excused) > _MOST:
            self._excused.popitem(last=False)
        return True

    def charge(self, kind: str, host: str, source: str) -> None:
        """Count a failure, of one of the kinds of penalty.WEIGHTS."""
        if self._scale.threshold == 0 or is_in(host, self._exempt):
            return
        now = time.monotonic()
        self._is_forgiven(source)
        before = self._table.get(source)
        penalty = self._table.charge(source, kind, self._scale, now)
        for gone in self._table.surplus(self._scale, now):
            self._unmark(gone)
        begins = penalty.refuses(self._scale, now)
        if begins or before is None or now - before.at > _MARKED_AGAIN_AFTER:
            self._waiting[source] = None
            self.mark_waiting()

    def due(self) -> float | None:
        """When the next mark may be written, None when none waits."""
        return time.monotonic() + self._marks.wait() if self._waiting else None

    def mark_waiting(self) -> None:
        """Write the marks that may be written now."""
        while self._waiting and self._marks.consume(1):
            source, _ = self._waiting.popitem(last=False)
            if penalty := self._table.get(source):
                self._mark(penalty)

    def say(self, reason: str, host: str, source: str, user: str, words: str) -> None:
        """Log a refusal, at most once a minute for each source."""
        now = time.monotonic()
        until, unsaid = self._said.get(source, (0.0, 0))
        if now < until or not self._lines.consume(1):
            self._remember(source, until, unsaid + 1)
            return
        self._journal.info(
            f"refused {reason} user={user} address={host} times={unsaid + 1}: {words}"
        )
        self._remember(source, now + _SAID_AGAIN_AFTER, 0)

    def _remember(self, source: str, until: float, unsaid: int) -> None:
        self._said[source] = (until, unsaid)
        self._said.move_to_end(source)
        if len(self._said) > _MOST:
            self._said.popitem(last=False)

    def _is_forgiven(self, source: str) -> bool:
        """Whether the mark was removed; then the points are removed, too."""
        if source not in self._marked or os.path.exists(mark(self._state_dir, source)):
            return False
        self._marked.discard(source)
        self._table.forget(source)
        return True

    def _mark(self, penalty: Penalty) -> None:
        """Write the mark. On a full disk there is none, but the source is still penalized."""
        path = mark(self._state_dir, penalty.source)
        try:
            path.write_text(render(penalty))
            self._marked.add(penalty.source)
        except OSError:
            self._marked.add(penalty.source)  # half a mark may be there
            self._unmark(penalty.source)

    def _unmark(self, source: str) -> None:
        self._waiting.pop(source, None)
        if source in self._marked:
            self._marked.discard(source)
            with suppress(OSError):
                mark(self._state_dir, source).unlink()

    def _load(self) -> None:
        now = time.monotonic()
        for penalty in read_all(self._state_dir):
            self._marked.add(penalty.source)
            if penalty.is_over(self._scale, now):
                self._unmark(penalty.source)
            else:
                self._table.put(penalty)
        for gone in self._table.surplus(self._scale, now):
            self._unmark(gone)
