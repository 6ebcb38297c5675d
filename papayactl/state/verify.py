"""Whether the log is whole: every segment, every record, the committed end (design section 4)."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from papayactl.state import records
from papayad.formats import record
from papayad.log import segments


@dataclass(frozen=True, slots=True)
class Verified:
    """`bad` is the offset of the first bad byte, and `why` says what is wrong there."""

    records: int
    segments: int
    start: int
    end: int
    bad: int | None = None
    why: str = ""
    surplus: int = 0  # bytes behind the committed end: never shown, cut by the next who appends

    def as_dict(self) -> dict[str, Any]:
        return {
            "good": self.bad is None,
            "records": self.records,
            "segments": self.segments,
            "start": self.start,
            "end": self.end,
            "bad_offset": self.bad,
            "why": self.why or None,
            "surplus": self.surplus,
        }

    def sentence(self) -> str:
        words = f"{self.records} records in {self.segments} segments, {self.start} to {self.end}"
        return f"good: {words}" if self.bad is None else f"checked: {words}"


def verify(state_dir: Path, end: int, reached: Callable[[int], None]) -> Verified:
    """Read everything up to the committed end; `reached` is called with the bytes read so far."""
    known = records.spans(state_dir, end)
    start = known[0][0] if known else 0
    count = 0
    for number, (base, following) in enumerate(known):
        size = os.stat(segments.path(state_dir, base)).st_size
        good, found, why = _segment(state_dir, base, following, lambda at: reached(at - start))
        count += found
        if why:
            return Verified(count, number + 1, start, end, good, why)
        if base + size > following and number + 1 < len(known):
            why = f"segment {segments.name(base)} goes on beyond the beginning of the next"
            return Verified(count, number + 1, start, end, following, why)
    if not known or known[-1][1] < end:
        return Verified(count, len(known), start, end, start, "no segment holds it")
    surplus = known[-1][0] + os.stat(segments.path(state_dir, known[-1][0])).st_size - end
    return Verified(count, len(known), start, end, surplus=max(0, surplus))


def _segment(
    state_dir: Path, base: int, end: int, reached: Callable[[int], None]
) -> tuple[int, int, str]:
    """How far a segment is good, how many records it has up to there, and what is wrong then."""
    good, count = base, 0
    with open(segments.path(state_dir, base), "rb", buffering=1 << 20) as file:
        while good < end:
            line = file.readline(min(end - good, record.LONGEST))
            if not line:
                return good, count, f"segment {segments.name(base)} ends here, before {end}"
            if not line.endswith(b"\n"):
                return good, count, "a record without an end"
            if record.parse(line[:-1]) is None:
                return good + _first_bad(line[:-1]), count, "not a record"
            good += len(line)
            count += 1
            reached(good)
    return good, count, ""


def _first_bad(line: bytes) -> int:
    """The place of the first byte in a line that cannot be part of a record."""
    zero = line.find(b"\0")
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return min(error.start, zero) if zero >= 0 else error.start
    shape = b"0000-00-00T00:00:00.000000Z "
    for place, wanted in enumerate(shape):
        if place >= len(line) or place == zero:
            return place
        is_digit = 48 <= line[place] <= 57
        if is_digit != (wanted == 48) or (wanted != 48 and line[place] != wanted):
            return place
    return zero if zero >= 0 else len(shape)
