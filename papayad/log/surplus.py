"""What lies beyond the committed end: cut away, or kept (design section 4).

Apart from the appender, since it is needed only after a crash, or after somebody changed files by
hand; and the start uses the same eyes. Never cut is what anybody may have been shown: who cannot
tell refuses.
"""

import os
from dataclasses import dataclass
from errno import EIO
from pathlib import Path

from papayad.formats import record
from papayad.log import segments

FURTHEST = 1 << 28  # bytes that are looked at behind a line that is no record


@dataclass(frozen=True, slots=True)
class Lines:
    """A segment's lines from a boundary on. `good`: where the first one begins that is no record.

    `first` and `last` are the timestamps of the records before it. `goes_on`: there are records
    behind it, too. `zeros`: it has a NUL, which a power cut leaves and no editor.
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

        All that is written at once has one timestamp, which is younger than the last change of
        `committed` (`touched`). If that is the younger one, then the end was stored, and is not
        what it was.
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
    """The record in a line with its LF; None where it has no end, or is none."""
    return record.parse(line[:-1]) if line.endswith(b"\n") else None


def settle(state_dir: str | Path, base: int, end: int, touched: float) -> int:
    """Where the log ends whose last segment goes on beyond the committed `end`.

    `touched` is when `committed` was changed last, by the file system's word. Raises OSError (EIO)
    where nobody can tell.
    """
    start = end if base <= end and is_boundary(state_dir, base, end) else base
    if base > end and (broken := hole_before(state_dir, base)):
        raise OSError(EIO, str(broken))
    lines = look(state_dir, base, start)
    if lines.goes_on or lines.good < end:
        raise OSError(EIO, f"{segments.path(state_dir, base)} has no record at offset {lines.good}")
    return end if start == end and lines.is_of_killed_writer(touched) else lines.good


def is_boundary(state_dir: str | Path, base: int, offset: int) -> bool:
    """Whether a record may begin there; `base` is of the segment that has the byte before it."""
    if offset == base:
        return True
    descriptor = segments.open_segment(state_dir, base)
    try:
        return os.pread(descriptor, 1, offset - 1 - base) == b"\n"
    finally:
        os.close(descriptor)


def hole_before(state_dir: str | Path, base: int) -> segments.Misfit | None:
    """The segment before this one, where it does not end where this one begins."""
    return next((one for one in segments.misfits(state_dir) if one.following == base), None)
