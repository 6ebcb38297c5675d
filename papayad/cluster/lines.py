"""Splits a client's bytes into lines of bounded length (design section 3).

A leaf, used by RECV. It never keeps more than one chunk and the beginning of one line.
"""

from collections.abc import Iterator
from dataclasses import dataclass

_START = 64  # bytes of a long line that are kept: enough for its verb and ID


@dataclass(frozen=True, slots=True)
class TooLong:
    """A line over the limit, discarded to its LF. `start` is its first bytes."""

    start: bytes


class Splitter:
    """Cuts at LF. A line of more than `limit` bytes without its LF becomes a TooLong, once."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._partial = b""
        self._discarding = False

    def split(self, chunk: bytes) -> Iterator[bytes | TooLong]:
        """The lines that end in this chunk, without their LF; the rest is kept for the next."""
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            whole = self._partial + line
            self._partial = b""
            if self._discarding:
                self._discarding = False
            elif len(whole) > self.limit:
                yield TooLong(whole[:_START])
            else:
                yield whole
        if self._discarding:
            return
        self._partial += rest
        if len(self._partial) > self.limit:
            yield TooLong(self._partial[:_START])
            self._partial, self._discarding = b"", True
