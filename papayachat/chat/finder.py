"""The finder: what is looked for among the messages, and where that got to.

Apart from the chat because it lasts: a search goes on from where it was, a filtered view stays, and
both until `end`. Which lines match is told by disk.search.
"""

import re
from dataclasses import replace

from papayachat.chat.timeline import Timeline
from papayachat.chat.viewport import Viewport
from papayachat.disk.search import matching


class Finder:
    """`filtered` is the pattern of the filtered view, as it was typed; empty without one."""

    def __init__(self, timeline: Timeline, view: Viewport) -> None:
        self.filtered = ""
        self._timeline = timeline
        self._view = view
        self._found = timeline.end  # where a search goes on

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """What is looked for; None when nothing is."""
        return self._view.look.find

    def search(self, pattern: re.Pattern[str], back: bool = True) -> bool:
        """Show the next message that matches; False where there is none."""
        start = self._found if back else self._found + 1
        found = self._timeline.search(start, matching(pattern), back)
        self._look_for(pattern)
        if found is None:
            return False
        self._found = found
        self._view.show(found)
        return True

    def filter(self, pattern: re.Pattern[str]) -> None:
        """Show only messages that match, until `end`."""
        self.filtered = pattern.pattern
        self._timeline.only = matching(pattern)
        self._look_for(pattern)
        self._view.to_end()

    def end(self) -> None:
        """Look for nothing, and show everything."""
        self.filtered = ""
        self._timeline.only = None
        self._found = self._timeline.end
        self._look_for(None)

    def _look_for(self, pattern: re.Pattern[str] | None) -> None:
        self._view.look = replace(self._view.look, find=pattern)
