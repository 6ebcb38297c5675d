"""Attention: whether somebody looks, what came while nobody did, and how far was read.

Apart from the chat because it is a guess: a terminal tells of keys and, not each of them, of the
focus. What cannot be told to be in sight is unread, and `timeline.mark` is where that begins.
"""

import time

from papayachat.chat.timeline import Timeline
from papayachat.chat.viewport import Viewport
from papayachat.disk.replica import Replica
from papayachat.disk.seen import Seen
from papayad.formats.record import SERVER

AWAY_SECONDS = 60.0  # without a key: what comes then is unread


class Attention:
    """Of who sits here, to what others say; `unread` counts what of that is not yet seen."""

    def __init__(self, copy: Replica, timeline: Timeline, view: Viewport, seen: Seen) -> None:
        self.focused: bool | None = None  # None: the terminal does not say
        self.unread = 0
        self._copy = copy
        self._timeline = timeline
        self._view = view
        self._seen = seen
        self._touched_at = -AWAY_SECONDS

    def recall(self, me: str) -> None:
        """Mark what came after somebody was last here."""
        seen = self._seen.load(self._copy)
        if seen is None:
            self._seen.address = self._copy.end
            return
        for line in self._copy.lines(seen):
            said = line.record()
            if said is not None and said.sender not in (SERVER, me):
                self.unread += 1
                if self._timeline.mark is None:
                    self._timeline.mark = line.offset

    def touch(self) -> None:
        """Somebody is here, and has seen what is in sight."""
        self._touched_at = time.monotonic()
        if self._view.follows:
            self.unread = 0
            self._seen.address = self._copy.end

    def heard(self, address: int) -> None:
        """Somebody else said what stands at this address, the last one by now."""
        if not self._is_away():
            self._seen.address = self._copy.end
            return
        if self.unread == 0:
            self._timeline.mark = address
            self.save()
        self.unread += 1

    def save(self) -> None:
        """Keep how far was read."""
        if self._copy.cursor is not None:
            self._seen.save(self._copy)

    def _is_away(self) -> bool:
        """Whether what arrives now is not seen, as far as can be told."""
        if not self._view.follows or self.focused is False:
            return True
        return time.monotonic() - self._touched_at > AWAY_SECONDS
