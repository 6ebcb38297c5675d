"""The finder: what is searched among the messages, and how far the search has come.

Apart from the chat because it lasts: a search goes on from where it was, a filtered view stays,
both until `end`. A scan reads the copy, in another process: what it finds comes bit by bit, the
newest first, and is remembered, so that a key need not read anything.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from papayachat.chat.timeline import Timeline
from papayachat.chat.viewport import Viewport
from papayachat.disk.search import Query

Match = tuple[int, tuple[tuple[int, int], ...]]  # an address, and where in the text
MOST_SPANS_KEPT = 5000  # messages; in others, an expression's match is the whole text


class Scan(Protocol):
    """A process that searches."""

    def ask(self, low: int, high: int) -> None:
        """Search between two addresses; give what is there to Finder.found, and then call done."""

    def close(self) -> None: ...


class Found:
    """The addresses of what was found, in order, and the places in the texts."""

    def __init__(self, query: Query) -> None:
        self.addresses: list[int] = []
        self.query = query
        self._spans: dict[int, tuple[tuple[int, int], ...]] = {}

    def add(self, matches: list[Match]) -> None:
        """Matches that are next to each other, the last one first."""
        addresses = [address for address, _ in reversed(matches)]
        at = bisect_left(self.addresses, addresses[0])
        self.addresses[at:at] = addresses
        if self.query.expression and len(self._spans) < MOST_SPANS_KEPT:
            self._spans.update(matches)

    def before(self, address: int) -> int | None:
        at = bisect_left(self.addresses, address)
        return self.addresses[at - 1] if at else None

    def after(self, address: int) -> int | None:
        """The one at an address or after it."""
        at = bisect_left(self.addresses, address)
        return self.addresses[at] if at < len(self.addresses) else None

    def places(self, address: int, text: str) -> list[tuple[int, int]]:
        """The places in a text. An expression is not run here, since it might never end."""
        if not self.query.expression:
            return self.query.spans(text)
        at = bisect_left(self.addresses, address)
        if self.addresses[at : at + 1] != [address]:
            return []
        return list(self._spans.get(address, ((0, len(text)),)))


class _Marks:
    """What was found so far, for the layout."""

    def __init__(self, found: Found) -> None:
        self._found = found

    def spans(self, address: int, text: str) -> list[tuple[int, int]]:
        return self._found.places(address, text)


class Finder:
    """`filtered`: only matches are shown. `is_busy`: a scan has not answered yet. `ended` is called
    with the direction of a step that finds nothing more in the copy."""

    def __init__(
        self,
        timeline: Timeline,
        view: Viewport,
        start: Callable[[Query], Scan],
        missed: Callable[[], None],
    ) -> None:
        self.query: Query | None = None
        self.filtered = False
        self._timeline = timeline
        self._view = view
        self._start = start
        self._missed = missed
        self._found: Found | None = None
        self._scan: Scan | None = None
        self._asked = 0  # answers that are still to come
        self._wanted = False  # make a step back as soon as something is found

    @property
    def is_busy(self) -> bool:
        return self._asked > 0

    @property
    def count(self) -> int:
        return len(self._found.addresses) if self._found is not None else 0

    @property
    def number(self) -> int:
        """The number of the match that a search has reached, from the newest on; 0: none."""
        if self._found is None or self._view.look.current < 0:
            return 0
        return self.count - bisect_left(self._found.addresses, self._view.look.current)

    def search(self, query: Query) -> None:
        """Show the newest message that matches; `older` goes on."""
        self._begin(query)
        self.older()

    def filter(self, query: Query) -> None:
        """Show only messages that match, until `end`."""
        self._begin(query)
        self.filtered = True
        self._timeline.only = self._found
        self._view.to_end()

    def older(self) -> None:
        """Go to the next older match, now or when it is found."""
        self._wanted = not self._step(back=True)
        if self._wanted and not self.is_busy:
            self._missed()

    def newer(self) -> bool:
        self._wanted = False
        return self._step(back=False)

    def found(self, matches: list[Match]) -> None:
        """Take what a scan found."""
        if self._found is None or not matches:
            return
        self._found.add(matches)
        # A new object each time, since a layout that was kept does not have these marks.
        self._view.look = replace(self._view.look, find=_Marks(self._found))
        if self._wanted:
            self._wanted = not self._step(back=True)

    def done(self) -> None:
        """Note that a scan has answered one question."""
        self._asked = max(0, self._asked - 1)
        self.resume()

    def extended(self, low: int, high: int) -> None:
        """Note that the copy has more, between these addresses."""
        if self._scan is not None and high > low:
            self._asked += 1
            self._scan.ask(low, high)

    def resume(self) -> None:
        """Go on with a step that waited for more; there may be none."""
        if self._wanted and not self.is_busy:
            self._missed()

    def give_up(self) -> None:
        """Note that there is nothing older."""
        self._wanted = False

    def end(self) -> None:
        """End the search, and show everything."""
        if self._scan is not None:
            self._scan.close()
        self.query = self._scan = self._found = None
        self.filtered = self._wanted = False
        self._asked = 0
        self._timeline.only = None
        self._view.look = replace(self._view.look, find=None, current=-1)

    def _begin(self, query: Query) -> None:
        self.end()
        self._scan = self._start(query)
        self.query = query
        self._found = Found(query)
        self._view.look = replace(self._view.look, find=_Marks(self._found))
        self.extended(0, self._timeline.end)

    def _step(self, back: bool) -> bool:
        if self._found is None:
            return False
        here = self._view.look.current
        if back:
            at = self._found.before(here if here >= 0 else self._timeline.end)
        else:
            at = self._found.after(here + 1) if here >= 0 else None
        if at is None:
            return False
        self._view.look = replace(self._view.look, current=at)
        self._view.show(at)
        return True
