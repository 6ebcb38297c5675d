"""The viewport: which rows of the timeline are on the screen, and how that moves. Pure.

Either it follows the end, or it is fixed to the row at its top, and then nothing that arrives moves
it.
"""

from collections.abc import Iterator

from papayachat.chat.cells import Row
from papayachat.chat.entry import END, LINE, Entry, Key
from papayachat.chat.layout import Look, rows
from papayachat.chat.timeline import Timeline

Place = tuple[Key, int]  # an entry, and one of its rows


class Viewport:
    """`at_top`: the person tried to scroll up, and there was nothing above."""

    def __init__(self, timeline: Timeline, look: Look, height: int = 24) -> None:
        self.look = look
        self.height = height
        self.at_top = False
        self._timeline = timeline
        self._top: Place | None = None  # None: the end

    @property
    def follows(self) -> bool:
        """Whether it shows the end, and follows it."""
        return self._top is None

    def visible(self) -> list[Row]:
        """The rows on the screen, at most `height`; when it follows the end, the last ones."""
        return [row for _, row in self._seen()]

    def span(self) -> tuple[int, int]:
        """The two addresses between which the rows on the screen are."""
        places = self._seen()
        if not places:
            return self._timeline.end, self._timeline.end
        first, last = places[0][0][0], places[-1][0][0]
        entry = self._timeline.at(last)
        return first[0], self._timeline.end if entry is None else min(entry.end, self._timeline.end)

    def scroll(self, count: int) -> None:
        """Move by rows, up when negative."""
        if count < 0:
            self._up(-count)
        elif self._top is not None:
            self.at_top = False
            places = [place for place, _ in self._down(self._top, self.height + count + 1)]
            self._top = places[count] if len(places) > self.height + count else None

    def to_end(self) -> None:
        self._top = None
        self.at_top = False

    def to_start(self) -> None:
        first = self._timeline.at((self._timeline.floor, 0, 0))
        self._top = (first.key, 0) if first is not None else None
        self.at_top = True

    def show(self, address: int) -> None:
        """Show the line at an address in the upper half of the screen."""
        self._top = ((address, LINE, 0), 0)
        self._up(self.height // 3)
        self.at_top = False
        self.visible()

    def top_address(self) -> int:
        """The address of the entry at the top."""
        if self._top is not None:
            return self._top[0][0]
        places = self._last()
        return places[0][0][0][0] if places else self._timeline.end

    def _seen(self) -> list[tuple[Place, Row]]:
        if self._top is not None:
            found = self._down(self._top)
            if len(found) >= self.height:
                return found[: self.height]
            self._top = None  # the end is on the screen now
        return self._last()

    def _up(self, count: int) -> None:
        if self._top is None:
            last = self._last()
            if len(last) < self.height:
                self.at_top = True
                return
            self._top = last[0][0]
        key, row = self._top
        entry = self._timeline.at(key)
        while count > row:
            count -= row
            above = self._timeline.before(key if entry is None else entry.key)
            if above is None:
                self._top = (key, 0)
                self.at_top = True
                return
            entry, key, row = above, above.key, len(rows(above, self.look))
        self._top = (key, row - count)

    def _last(self) -> list[tuple[Place, Row]]:
        """The rows at the end, and where they are."""
        found: list[tuple[Place, Row]] = []
        key = END
        while len(found) < self.height:
            entry = self._timeline.before(key)
            if entry is None:
                break
            found[:0] = _numbered(entry, self.look)
            key = entry.key
        return found[-self.height :] if self.height > 0 else []

    def _down(self, top: Place, count: int | None = None) -> list[tuple[Place, Row]]:
        """The rows from a place on, up to `count` of them, by default the height."""
        wanted = self.height if count is None else count
        found: list[tuple[Place, Row]] = []
        for entry in self._from(top[0]):
            found += _numbered(entry, self.look)
            if not found[top[1] :] or len(found) - top[1] < wanted:
                continue
            break
        return found[min(top[1], max(0, len(found) - 1)) :][:wanted]

    def _from(self, key: Key) -> Iterator[Entry]:
        entry = self._timeline.at(key)
        while entry is not None:
            yield entry
            entry = self._timeline.after(entry)


def _numbered(entry: Entry, look: Look) -> list[tuple[Place, Row]]:
    return [((entry.key, number), row) for number, row in enumerate(rows(entry, look))]
