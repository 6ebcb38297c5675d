"""The past: what the copy does not have yet of it, and what of that is being fetched.

A copy begins somewhere. Who scrolls, searches or goes to a day comes to that place, is told so, and
gets more from the server, in pieces that grow while the same is wanted.
"""

from collections.abc import Callable

from papayachat.disk.replica import Replica
from papayachat.stream import when
from papayachat.stream.cursor import Cursor

FEWEST_LINES, MOST_LINES = 1000, 16_000  # that are fetched at once

Fetch = Callable[[Cursor, int], None]  # before which place, how many


class Past:
    """`fetching`: there is an answer to come. `exhausted`: the server has nothing older."""

    def __init__(self, copy: Replica, fetch: Fetch) -> None:
        self.fetching = False
        self.exhausted = False
        self.wanted: str | None = None  # the time that somebody wants to go back to
        self._copy = copy
        self._fetch = fetch
        self._lines = FEWEST_LINES

    @property
    def begins(self) -> str:
        """Since when everything is here, as a record's timestamp; empty where nothing is."""
        line = self._copy.after(self._copy.unbroken_from(self._copy.end))
        record = line.record() if line is not None else None
        return record.stamp if record is not None else ""

    @property
    def day(self) -> str:
        return when.day(self.begins)

    def fetch_above(self, address: int) -> bool:
        """Fetch what is missing above an address; False where that is nothing, or not now."""
        hole = self._copy.hole_before(address)
        if hole is None or self.fetching or self.exhausted:
            return False
        self.fetching = True
        self._fetch(hole, self._lines)
        return True

    def fetch_more(self) -> bool:
        """The same above what is here without a hole; more at once each time."""
        asked = self.fetch_above(self._copy.unbroken_from(self._copy.end))
        if asked:
            self._lines = min(2 * self._lines, MOST_LINES)
        return asked or self.fetching

    def reaches(self, stamp: str) -> bool:
        """Whether what was said then is here."""
        begins = self.begins
        return bool(begins) and begins <= stamp

    def fetched(self, cursor: Cursor, data: bytes) -> tuple[int, int]:
        """Keep what came; between which addresses it stands."""
        self.fetching = False
        self.exhausted = not data
        if not data:
            return 0, 0
        start = self._copy.keep(cursor, data)
        return start, start + len(data)

    def failed(self) -> None:
        self.fetching = False
        self.rest()

    def rest(self) -> None:
        """Nobody waits for more."""
        self.wanted = None
        self._lines = FEWEST_LINES
