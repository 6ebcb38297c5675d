"""Segments: the files of the chat log, named by the offset of their first byte (design section 4).

A leaf: names and nothing else. A segment is sealed exactly when a higher-named one exists.
"""

from bisect import bisect_right
from os import listdir
from pathlib import Path

_SUFFIX = ".log"
_DIGITS = 20


def name(base: int) -> str:
    return f"{base:0{_DIGITS}d}{_SUFFIX}"


def path(state_dir: str | Path, base: int) -> str:
    return f"{state_dir}/{base:0{_DIGITS}d}{_SUFFIX}"


def bases(state_dir: str | Path) -> list[int]:
    """The offsets at which the segments begin, ascending."""
    return sorted(
        int(file[:_DIGITS])
        for file in listdir(state_dir)
        if len(file) == _DIGITS + len(_SUFFIX)
        and file.endswith(_SUFFIX)
        and file[:_DIGITS].isdigit()
    )


def holding(state_dir: str | Path, offset: int) -> int | None:
    """The base of the segment that has the byte at `offset` or ends there; None when pruned."""
    known = bases(state_dir)
    place = bisect_right(known, offset)
    return known[place - 1] if place else None
