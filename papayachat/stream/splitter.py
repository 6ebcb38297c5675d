"""The splitter: turns downstream bytes into the log's lines, with their offsets, and notices.

Pure: it reads no socket, and the same bytes give the same items in whatever pieces they come. Only
this module counts the cursor, so the rule of design section 3 is here once: a whole line of the log
counts, a notice does not count, and neither does a line of which only a part has come.
"""

from dataclasses import dataclass

from papayad.formats import record, wire
from papayad.formats.record import Record
from papayad.formats.wire import Notice, ProtocolError

LINE_BYTES = 1 << 20  # far above any message_bytes; a longer line is not from a papayad


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log as it stands there, its LF included; `offset` is its first byte's."""

    offset: int
    raw: bytes

    @property
    def end(self) -> int:
        return self.offset + len(self.raw)

    def record(self) -> Record | None:
        """What the line says, or None when it is no record."""
        return record.parse(self.raw[:-1])


class Splitter:
    """`offset` is where the next line of the log will stand: the cursor to resume from. `last` is
    the line right before it; empty if that line did not come over this connection."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.last = b""
        self._partial = b""

    def feed(self, chunk: bytes) -> list[Line | Notice]:
        """The items that are complete with this chunk; raises ProtocolError."""
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        if len(self._partial) > LINE_BYTES:
            raise ProtocolError("the server sends a line without an end")
        return [self._item(line) for line in lines]

    def _item(self, text: bytes) -> Line | Notice:
        notice = wire.parse_notice(text)
        if notice is None:
            line = Line(self.offset, text + b"\n")
            self.offset, self.last = line.end, line.raw
            return line
        if notice.word == "gap":
            self.offset, self.last = _offset(notice.rest), b""
        return notice


def _offset(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise ProtocolError("the server's gap names no offset")
    return int(text)
