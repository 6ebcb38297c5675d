"""Where a client's stream begins (design section 3). A leaf, used once by each cluster."""

from dataclasses import dataclass

from papayad.formats.wire import Hello, check_of
from papayad.log.reader import Pruned, Reader


@dataclass(slots=True)
class Start:
    """The stream begins at `offset`; `gap`: not where the client asked. `end`: committed then."""

    offset: int
    end: int
    gap: bool


def resolve(hello: Hello, reader: Reader, identity: str, history_lines: int) -> Start:
    """The start of the stream that a hello asks for; a cursor that cannot be honoured is a gap."""
    while True:
        try:
            return _resolve(hello, reader, identity, history_lines)
        except Pruned:  # segments went while they were looked at: there are others now
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
    """Whether a record begins at the offset, and the one before it is the client's.

    Identity and offset alone are the same after an old copy of the log was put back. An older
    client says no check; and of a record that was pruned nobody knows what it was.
    """
    if not reader.is_boundary(offset):
        return False
    before = reader.record_before(offset) if check else b""
    return not before or check_of(before) == check
