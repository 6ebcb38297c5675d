"""The intake: the log's lines on their way from the room into the copy, and what they say.

Apart from the client, because only the intake knows which lines are new. A room begins with lines
that it had already; lines that came while there was no connection are handled like those that come
now.
"""

from collections.abc import Iterator
from typing import NamedTuple

from papayachat.disk.replica import Replica
from papayachat.stream.cursor import Cursor
from papayachat.stream.splitter import Line
from papayad.formats.record import Record
from papayad.formats.wire import Greeting


class Heard(NamedTuple):
    """A line of the log, what it says (None: it is no record), and where it stands in the copy.

    `live`: it was written since we connected. `new`: since we were first in this room.
    """

    line: Line
    said: Record | None
    address: int
    live: bool
    new: bool


class Intake:
    def __init__(self, copy: Replica) -> None:
        self._copy = copy
        self._log = ""
        self._end = 0  # of the log, when we came
        self._fresh = copy.cursor is None

    def greeted(self, greeting: Greeting) -> None:
        """The following lines are of this log."""
        self._log, self._end = greeting.log, greeting.end

    def keep(self, lines: list[Line]) -> Iterator[Heard]:
        """Keep lines, and say what they do. Raises a Fault when the copy cannot be written."""
        start = 0
        for index, line in enumerate(lines):
            if index + 1 == len(lines) or lines[index + 1].offset != line.end:
                yield from self._keep_run(lines[start : index + 1])
                start = index + 1

    def _keep_run(self, run: list[Line]) -> Iterator[Heard]:
        """Lines without a gap between them."""
        raw = b"".join(line.raw for line in run)
        shift = self._copy.keep(Cursor(self._log, run[0].offset), raw) - run[0].offset
        for line in run:
            live = line.offset >= self._end
            new = live or not self._fresh
            yield Heard(line, line.record(), line.offset + shift, live, new)
        if run[-1].end >= self._end:
            self._fresh = False
