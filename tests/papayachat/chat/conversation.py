"""A copy of a room, and the log's lines to put into it, for tests of what the chat is made of."""

from pathlib import Path

from papayachat.chat.layout import Look
from papayachat.chat.timeline import Timeline
from papayachat.chat.viewport import Viewport
from papayachat.disk.replica import Replica
from papayachat.stream.cursor import Cursor
from papayachat.stream.splitter import Line
from papayad.formats import record

LOG = "0" * 32


class Conversation:
    """Alice's side of it: her copy, its timeline, and a view of that on a small screen."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.copy = Replica(directory)
        self.timeline = Timeline(self.copy, {}, "alice")
        self.view = Viewport(self.timeline, Look(80, "alice"), height=4)
        self._end = 0

    def line(self, sender: str, text: str) -> Line:
        """The next line of the log; it is in no copy yet."""
        raw = record.render(record.stamp(1_800_000_000.0 + self._end), sender, "-", text)
        line = Line(self._end, raw)
        self._end = line.end
        return line

    def say(self, sender: str, text: str) -> int:
        """A line that is in the copy; its address."""
        line = self.line(sender, text)
        return self.copy.keep(Cursor(LOG, line.offset), line.raw)
