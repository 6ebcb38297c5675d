"""Where a client's stream begins (design section 3). A leaf, used once by each cluster."""

from dataclasses import dataclass

from papayad.formats.redaction import is_redacted
from papayad.formats.wire import Hello, check_of
from papayad.log.reader import Pruned, Reader


@dataclass(slots=True)
class Start:
    """The stream begins at `offset`; `gap` if the client asked for another. `end` was committed."""

    offset: int
    end: int
    gap: bool


def resolve(hello: Hello, reader: Reader, identity: str, history_lines: int) -> Start:
    """The start of the stream that a hello asks for; a cursor that cannot be honoured is a gap."""
    while True:
        try:
            return _resolve(hello, reader, identity, history_lines)
        except Pruned:  # a segment was removed while we looked: look again
            continue


def _resolve(hello: Hello, reader: Reader, identity: str, history_lines: int) -> Start:
    end = reader.written()
    if hello.since is None:
        lines = history_lines if hello.last is None else hello.last
        return Start(reader.start_of_last(lines, end), end, False)
    if hello.log == identity and hello.since < reader.oldest():
        return Start(reader.oldest(), end, True)
    if hello.log == identity and hello.since <= end and _is_known(reader, hello.since, hello.check):
        return Start(hello.since, end, False)
    return Start(reader.start_of_last(history_lines, end), end, True)


def _is_known(reader: Reader, offset: int, check: str) -> bool:
    """Whether a record begins at the offset, and the one before it is what the client has.

    After an old copy of the log was put back, identity and offset alone may be right. An older
    client sends no check; and nobody knows what a record was that has been pruned.
    """
    if not reader.is_boundary(offset):
        return False
    before = reader.record_before(offset) if check else b""
    return not before or check_of(before) == check or is_redacted(before)
