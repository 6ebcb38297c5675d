"""Segments: the files of the chat log, named by the offset of their first byte (design section 4).

A leaf that knows only names, not contents. A segment is sealed exactly when one with a higher name
exists.
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from os import O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, stat
from os import open as open_file
from pathlib import Path
from typing import NamedTuple

from papayad.system.files import plain_names

_SUFFIX = ".log"
_DIGITS = 20
_CAREFUL = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK  # a pipe would be waited for


class Misfit(NamedTuple):
    """A segment that does not end where the next one begins."""

    path: str
    end: int
    following: int

    def sentence(self) -> str:
        return f"ends at offset {self.end}, and the next one begins at {self.following}"

    def __str__(self) -> str:
        return f"{self.path} {self.sentence()}"


def name(base: int) -> str:
    return f"{base:0{_DIGITS}d}{_SUFFIX}"


def path(state_dir: str | Path, base: int) -> str:
    return f"{state_dir}/{base:0{_DIGITS}d}{_SUFFIX}"


def bases(state_dir: str | Path) -> list[int]:
    """The offsets at which the segments begin, ascending.

    Other processes can make files here. Only a regular file with the exact name is a segment: no
    link, no directory, no name with digits other than ASCII's.
    """
    return sorted(int(name[:_DIGITS]) for name in plain_names(state_dir) if _is_name(name))


def holding(state_dir: str | Path, offset: int) -> int | None:
    """The base of the segment that has the byte at `offset` or ends there; None when pruned."""
    known = bases(state_dir)
    place = bisect_right(known, offset)
    return known[place - 1] if place else None


def misfits(state_dir: str | Path) -> Iterator[Misfit]:
    """Sealed segments that were truncated or edited in place, or whose successor was removed."""
    for base, following in pairwise(bases(state_dir)):
        end = base + stat(path(state_dir, base)).st_size
        if end != following:
            yield Misfit(path(state_dir, base), end, following)


def open_segment(state_dir: str | Path, base: int, flags: int = O_RDONLY) -> int:
    """A descriptor of a segment; raises OSError, also where a link took its place meanwhile."""
    return open_file(path(state_dir, base), flags | _CAREFUL, 0o600)


def _is_name(file: str) -> bool:
    digits = file[:_DIGITS]
    return file[_DIGITS:] == _SUFFIX and digits.isascii() and digits.isdigit()
