"""Attention: whether a person looks, what nobody has seen yet, and how far was read.

Apart from the chat, because it can only guess: a terminal reports keys, and some also report the
focus. A message is unread if it was not on the screen while a person was there: it came while
nobody looked, or it went by. It stays unread until it has been on the screen, in this process or in
a later one.
"""

import time
from bisect import bisect_left
from collections.abc import Callable

from papayachat.chat.timeline import Timeline
from papayachat.disk.replica import Replica
from papayachat.disk.seen import Seen
from papayad.formats.record import SERVER, Record

AWAY_AFTER = 60.0  # seconds without a key; what comes after that is unread
MOST_COUNTED = 10_000  # unread messages; more are not counted
SAVED_EVERY = 5.0  # seconds, at most


class Attention:
    """The attention of the person here. `is_for_us`: whether a message of others mentions us;
    None: its sender is ignored."""

    def __init__(
        self,
        copy: Replica,
        timeline: Timeline,
        seen: Seen,
        is_for_us: Callable[[Record], bool | None],
    ) -> None:
        self.focused: bool | None = None  # None: the terminal does not say
        self.in_sight = True  # whether the screen shows this room
        self._copy = copy
        self._timeline = timeline
        self._seen = seen
        self._is_for_us = is_for_us
        self._unread: list[int] = []  # addresses of others' messages that are unread
        self._mentions: list[int] = []  # those of them that are for us
        self._all_read = True  # whether all was read since the mark was set
        self._touched_at = -AWAY_AFTER
        self._saved_at = 0.0

    @property
    def unread(self) -> int:
        return len(self._unread)

    @property
    def mentions(self) -> int:
        return len(self._mentions)

    @property
    def first_unread(self) -> int | None:
        return self._unread[0] if self._unread else None

    @property
    def first_mention(self) -> int | None:
        return self._mentions[0] if self._mentions else None

    def recall(self) -> None:
        """Mark what came after the person was last here."""
        seen = self._seen.load(self._copy)
        if seen is None:
            self._seen.address = self._copy.end
            return
        for line in self._copy.lines(seen):
            said = line.record()
            if said is not None:
                self.heard(said, line.offset, live=False)
            if len(self._unread) >= MOST_COUNTED:
                break

    def touch(self) -> None:
        """The person is here."""
        self._touched_at = time.monotonic()

    def heard(self, said: Record, address: int, live: bool) -> bool:
        """Take in a message that is not on the screen yet; return whether it is for us.

        `live`: it came just now, and not while there was no connection.
        """
        for_us = self._is_for_us(said) if said.sender != SERVER else None
        if for_us is None:
            return False
        if len(self._unread) < MOST_COUNTED:
            self._unread.append(address)
            if for_us:
                self._mentions.append(address)
        if not (live and self._is_here()):  # else the next drawing shows it
            self._mark()
        return for_us

    def shown(self, first: int, end: int) -> bool:
        """What stands between two addresses is in sight. Whether that changes anything.

        Who jumped over something has seen of the rest only what is for us.
        """
        before = (len(self._unread), len(self._mentions), self._timeline.mark)
        if self._is_here():
            if not self._unread or self._unread[0] >= first:
                self._read_to(end)
            self._mentions = [at for at in self._mentions if not first <= at < end]
        self._mark()
        return before != (len(self._unread), len(self._mentions), self._timeline.mark)

    def read_all(self) -> None:
        """Count everything as read, since the person says so."""
        self._mentions.clear()
        self._read_to(self._copy.end)

    def save(self) -> None:
        """Keep how far was read."""
        if self._copy.cursor is not None:
            self._seen.save(self._copy)
            self._saved_at = time.monotonic()

    def _read_to(self, end: int) -> None:
        if end > self._seen.address:
            self._seen.address = end
            del self._unread[: bisect_left(self._unread, end)]
            self._all_read = self._all_read or not self._unread
            self._mentions = [at for at in self._mentions if at >= end]
            if time.monotonic() - self._saved_at > SAVED_EVERY:
                self.save()

    def _mark(self) -> None:
        """Set the mark above the first unread; it stays until all are read and new ones come."""
        if self._unread and (self._timeline.mark is None or self._all_read):
            self._timeline.mark = self._unread[0]
            self._all_read = False

    def _is_here(self) -> bool:
        """Whether the person probably sees what is on the screen."""
        looks = self.in_sight and self.focused is not False
        return looks and time.monotonic() - self._touched_at < AWAY_AFTER
