"""Reading the chat log for papayactl: records with their offsets, from a time on, of a user.

The bytes below the committed end never change, so nothing here takes the log's lock.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from papayactl.state import lock
from papayad.formats import record
from papayad.formats.record import Record
from papayad.log import segments
from papayad.log.committed import Committed
from papayad.settings import Settings

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Placed:
    """A line of the log with the offset of its first byte. `record` is None if it is not one."""

    offset: int
    line: bytes  # with its LF, if it has one
    record: Record | None


def end(settings: Settings) -> int:
    """The committed end. A Fault (75, 77) says why there is none."""
    try:
        committed = Committed(settings.state_dir)
    except OSError as error:
        raise lock.no_log(error, settings) from error
    try:
        return committed.load()
    except OSError as error:
        raise lock.no_log(error, settings) from error
    finally:
        committed.close()


def oldest(state_dir: Path) -> int:
    """The first offset that is still there; 0 if the log has not begun yet."""
    known = segments.bases(state_dir)
    return known[0] if known else 0


def reachable(state_dir: Path, end: int) -> int:
    """The committed end, or where the last segment ends before it: it may be a wrong number."""
    known = segments.bases(state_dir)
    last = known[-1] if known else 0
    return min(end, last + os.stat(segments.path(state_dir, last)).st_size) if known else 0


def lines(state_dir: Path, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """The lines from `start`, where a record begins, up to `end`, each with its offset."""
    at = start
    for base, file_end in spans(state_dir, end):
        if file_end <= start:
            continue
        with open(segments.path(state_dir, base), "rb", buffering=_BLOCK) as file:
            at = max(base, start)
            file.seek(at - base)
            while at < file_end:
                line = file.readline(min(file_end - at, record.LONGEST))
                if not line:  # truncated: the next one goes on
                    break
                yield at, line
                at += len(line)


def read(state_dir: Path, start: int, end: int) -> Iterator[Placed]:
    for offset, line in lines(state_dir, start, end):
        yield Placed(offset, line, record.parse(line.removesuffix(b"\n")))


def spans(state_dir: Path, end: int) -> list[tuple[int, int]]:
    """Each segment's first offset and the one after its last byte, up to the committed `end`."""
    known = [base for base in segments.bases(state_dir) if base <= end]
    return list(zip(known, [*known[1:], end], strict=True))


def boundary(state_dir: Path, offset: int, end: int) -> int:
    """The first offset, from `offset` on, at which a record begins."""
    first = oldest(state_dir)
    if offset <= first:
        return first
    base = segments.holding(state_dir, offset)
    if offset >= end or base is None or base == offset:
        return min(offset, end)
    with open(segments.path(state_dir, base), "rb") as file:
        file.seek(offset - 1 - base)
        return min(offset - 1 + len(file.readline(record.LONGEST)), end)


def since(state_dir: Path, seconds: float, end: int) -> int:
    """About where the records since a moment begin: none before that offset is younger.

    By bisection, since timestamps hardly ever go back; a caller that needs it exactly also filters.
    """
    stamp = record.stamp(seconds)
    low, high = oldest(state_dir), end
    while low < high:
        middle = (low + high) // 2
        place = boundary(state_dir, middle, end)
        if place >= end or _stamp_at(state_dir, place, end) >= stamp:
            high = middle
        else:
            low = middle + 1
    return boundary(state_dir, low, end)


def _stamp_at(state_dir: Path, offset: int, end: int) -> str:
    for _, line in lines(state_dir, offset, end):
        return line[:27].decode("ascii", "replace")
    return ""


def counts(state_dir: Path, start: int, end: int) -> dict[str, int]:
    """How many records each sender has between two offsets, counted without parsing them."""
    found: dict[str, int] = {}
    for _, line in lines(state_dir, start, end):
        sender = line[28 : line.find(b" ", 28)].decode("ascii", "replace")
        found[sender] = found.get(sender, 0) + 1
    return found


def of_people(counted: dict[str, int]) -> int:
    """How many of these records are not the server's own."""
    return sum(count for sender, count in counted.items() if sender != record.SERVER)


def size(state_dir: Path) -> int:
    """Bytes of all segments on the disk."""
    bases = segments.bases(state_dir)
    return sum(os.stat(segments.path(state_dir, base)).st_size for base in bases)
