"""When the records of a segment were written: the first and the last timestamp in it.

The records say it, not the time of the file: a copy, a restored backup and a redaction change that.
Used at the beginning of a segment, never for each message.
"""

import os
import re
from pathlib import Path

from papayad.log import segments

STAMP = 27  # bytes of a timestamp
_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_BLOCK = 65536


def first(state_dir: str | Path, base: int) -> str:
    """The timestamp of a segment's first record; empty if there is none. Raises OSError."""
    descriptor = segments.open_segment(state_dir, base)
    try:
        return _parse(os.pread(descriptor, STAMP, 0))
    finally:
        os.close(descriptor)


def last(state_dir: str | Path, base: int) -> str:
    """The timestamp of a segment's last record; empty if there is none. Raises OSError."""
    descriptor = segments.open_segment(state_dir, base)
    try:
        high = os.fstat(descriptor).st_size - 1  # before the last LF, which ends the last line
        while high > 0:
            low = max(0, high - _BLOCK)
            found = os.pread(descriptor, high - low, low).rfind(b"\n")
            if found >= 0 or low == 0:
                return _parse(os.pread(descriptor, STAMP, low + found + 1))
            high = low
        return ""
    finally:
        os.close(descriptor)


def _parse(text: bytes) -> str:
    return text.decode() if _STAMP.fullmatch(text) else ""
