"""What lies beyond the committed end: whether to cut it away or keep it (design section 4).

Apart from the appender, since it is needed only after a crash, or after somebody changed files by
hand; and the start uses it, too. What somebody may have been shown is never cut: if that cannot be
known, it refuses.
"""

import os
from dataclasses import dataclass
from errno import EIO
from pathlib import Path

from papayad.formats import record
from papayad.log import segments

FURTHEST = 1 << 28  # bytes that are searched after a line that is no record


@dataclass(frozen=True, slots=True)
class Lines:
    """A segment's lines from a boundary on. The first that is no record begins at `good`.

    `first` and `last` are the timestamps of the records before that line. `goes_on`: there are
    records after it, too. `zeros`: it has a NUL, which a power cut leaves, but no editor.
    """

    start: int
    good: int
    end: int
    first: str
    last: str
    goes_on: bool
    zeros: bool

    def is_of_killed_writer(self, touched: float) -> bool:
        """Whether a writer left this that was killed before it stored the end.

        All records of one write have one timestamp, which is later than the last change of
        `committed` (`touched`). If `committed` was changed later, then the end was stored, and
        something has changed it since.
        """
        if self.good == self.start:
            return True
        return self.first == self.last and record.stamp(touched) <= self.first


def look(state_dir: str | Path, base: int, start: int) -> Lines:
    """Read a segment from an offset on. Raises OSError."""
    good, first, last = start, "", ""
    with open(segments.open_segment(state_dir, base), "rb") as file:
        end = base + os.fstat(file.fileno()).st_size
        file.seek(start - base)
        while line := file.readline(record.LONGEST):
            known = parse(line)
            if known is None:
                break
            first, last = first or known.stamp, known.stamp
            good += len(line)
        behind = good + len(line)
        goes_on = False
        while not goes_on and behind < good + FURTHEST and (more := file.readline(record.LONGEST)):
            goes_on = parse(more) is not None
            behind += len(more)
    return Lines(start, good, end, first, last, goes_on, b"\0" in line)


def parse(line: bytes) -> record.Record | None:
    """The record in a line; None if the line has no LF or is no record."""
    return record.parse(line[:-1]) if line.endswith(b"\n") else None


def settle(state_dir: str | Path, base: int, end: int, touched: float) -> int:
    """Where the log ends, when its last segment goes on beyond the committed `end`.

    `touched` is when `committed` was last changed, as the filesystem says. Raises OSError (EIO) if
    the end cannot be known.
    """
    start = end if base <= end and is_boundary(state_dir, base, end) else base
    if base > end and (broken := hole_before(state_dir, base)):
        raise OSError(EIO, str(broken))
    lines = look(state_dir, base, start)
    if lines.goes_on or lines.good < end:
        raise OSError(EIO, f"{segments.path(state_dir, base)} has no record at offset {lines.good}")
    return end if start == end and lines.is_of_killed_writer(touched) else lines.good


def is_boundary(state_dir: str | Path, base: int, offset: int) -> bool:
    """Whether a record may begin there; `base` is of the segment with the byte before it."""
    if offset == base:
        return True
    descriptor = segments.open_segment(state_dir, base)
    try:
        return os.pread(descriptor, 1, offset - 1 - base) == b"\n"
    finally:
        os.close(descriptor)


def hole_before(state_dir: str | Path, base: int) -> segments.Misfit | None:
    """The segment before this one, if it does not end where this one begins."""
    return next((one for one in segments.misfits(state_dir) if one.following == base), None)
