"""The past: which part of it the copy does not have yet, and what is being fetched.

A copy begins somewhere. When the person scrolls, searches or goes to a day and comes to that place,
the screen says so and gets more from the server, in pieces that grow while the same is wanted.
"""

from collections.abc import Callable

from papayachat.disk.replica import Replica
from papayachat.stream import when
from papayachat.stream.cursor import Cursor

FEWEST_LINES, MOST_LINES = 1000, 16_000  # lines that are fetched at once

Fetch = Callable[[Cursor, int], None]  # before which place, and how many lines


class Past:
    """`is_busy`: an answer is still to come. `exhausted`: the server has nothing older."""

    def __init__(self, copy: Replica, fetch: Fetch) -> None:
        self.is_busy = False
        self.exhausted = False
        self.wanted: str | None = None  # the time to which the person wants to go back
        self._copy = copy
        self._fetch = fetch
        self._lines = FEWEST_LINES

    @property
    def begins(self) -> str:
        """Since when everything is here, as a record's timestamp; empty if nothing is here."""
        line = self._copy.after(self._copy.unbroken_from(self._copy.end))
        record = line.record() if line is not None else None
        return record.stamp if record is not None else ""

    @property
    def is_whole(self) -> bool:
        """Whether there is nothing that is not here."""
        start = self._copy.unbroken_from(self._copy.end)
        return self.exhausted or (self._copy.end > 0 and self._copy.hole_before(start) is None)

    @property
    def day(self) -> str:
        return when.day(self.begins)

    def fetch_above(self, address: int) -> bool:
        """Fetch what is missing above an address; False if nothing is, or it cannot be done now."""
        hole = self._copy.hole_before(address)
        if hole is None or self.is_busy or self.exhausted:
            return False
        self.is_busy = True
        self._fetch(hole, self._lines)
        return True

    def fetch_more(self) -> bool:
        """The same above the part that is here without a hole; each time more at once."""
        asked = self.fetch_above(self._copy.unbroken_from(self._copy.end))
        if asked:
            self._lines = min(2 * self._lines, MOST_LINES)
        return asked or self.is_busy

    def reaches(self, stamp: str) -> bool:
        """Whether the messages of that time are here."""
        begins = self.begins
        return bool(begins) and begins <= stamp

    def fetched(self, cursor: Cursor, data: bytes) -> tuple[int, int]:
        """Keep what came; return the two addresses between which it is."""
        self.is_busy = False
        self.exhausted = not data
        if not data:
            return 0, 0
        start = self._copy.keep(cursor, data)
        return start, start + len(data)

    def failed(self) -> None:
        self.is_busy = False
        self.rest()

    def rest(self) -> None:
        """Note that nobody waits for more."""
        self.wanted = None
        self._lines = FEWEST_LINES
