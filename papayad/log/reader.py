"""Reading the chat log: where a client's stream begins, and what comes next (design sections 3, 4).

Used by SEND and papayactl. A reader takes the committed end under the shared lock and then reads
below it without any: those bytes never change.
"""

import os
from collections.abc import Callable
from os import O_CLOEXEC, O_RDONLY, SEEK_SET, close, lseek, pread, read
from os import open as open_file
from pathlib import Path

from papayad.log.committed import FILE, Committed
from papayad.log.segments import bases, holding, path

_BLOCK = 65536


def _ignore(_: str) -> None:
    """Whoever reads beside the daemon has no journal."""


class Pruned(Exception):
    """The bytes at the reader's offset were removed; the log goes on at `oldest`."""

    def __init__(self, oldest: int) -> None:
        super().__init__(oldest)
        self.oldest = oldest


class Reader:
    """A position in the log. `descriptor` is the open segment's, its file position the reader's.

    The file position moves with sendfile and read, so that /proc/PID/fdinfo shows a client's lag.
    """

    def __init__(self, state_dir: str | Path, warn: Callable[[str], None] = _ignore) -> None:
        self._state_dir = str(state_dir)
        self._committed = Committed(state_dir, warn=warn)
        self.end = self._committed.end  # a call: the committed end now
        self.lock = self._committed.descriptor
        self.descriptor = -1
        self.offset = 0

    def seek(self, offset: int) -> None:
        """Go to an offset; raises Pruned when its segment is gone."""
        base = holding(self._state_dir, offset)
        if base is None and offset < self.oldest():
            raise Pruned(self.oldest())
        try:
            descriptor = self._open_nothing() if base is None else self._open(base)
        except FileNotFoundError:  # pruned since it was listed
            raise Pruned(self.oldest()) from None
        if self.descriptor >= 0:
            close(self.descriptor)
        if base is not None:
            lseek(descriptor, offset - base, SEEK_SET)
        self.descriptor, self.offset = descriptor, offset

    def oldest(self) -> int:
        """The first offset that is still there."""
        return self._next_after(-1)

    def _next_after(self, offset: int) -> int:
        """Where the log goes on behind bytes that are gone: pruned, or removed by hand.

        When nothing is left that will be at the committed end, where the next writer begins anew.
        """
        later = [base for base in bases(self._state_dir) if base > offset]
        return later[0] if later else self.end()

    def read(self, most: int) -> bytes:
        """Up to `most` bytes of the open segment from the position; empty at the segment's end."""
        data = read(self.descriptor, most)
        self.offset += len(data)
        return data

    def advance(self) -> None:
        """From the end of a sealed segment to its successor, which has to be there."""
        try:
            descriptor = self._open(self.offset)
        except FileNotFoundError:
            raise Pruned(self._next_after(self.offset)) from None
        close(self.descriptor)
        self.descriptor = descriptor

    def read_on(self, most: int) -> bytes:
        """Like `read`, and on into the next segment; the caller stays below the committed end."""
        data = self.read(most)
        if not data:
            self.advance()
            data = self.read(most)
        return data

    def is_boundary(self, offset: int) -> bool:
        """Whether a record begins at `offset`, at or below the committed end. Raises Pruned."""
        base = holding(self._state_dir, offset)
        if base is None or base == offset:
            return base == offset
        return self._slice(base, offset - 1, 1) == b"\n"

    def record_before(self, offset: int) -> bytes:
        """The line that ends at a boundary, empty where it was pruned. Raises Pruned."""
        base = holding(self._state_dir, offset - 1)
        if base is None:
            return b""
        line, low = b"", offset
        while low > base and b"\n" not in line[:-1]:
            high, low = low, max(base, low - _BLOCK)
            line = self._slice(base, low, high - low) + line
        return line[line.rfind(b"\n", 0, -1) + 1 :]

    def start_of_last(self, count: int, end: int) -> int:
        """The offset of the `count`-th record before `end`, or the oldest one's. Raises Pruned."""
        if count == 0:
            return end
        wanted = count + 1  # the LF before the first record that is wanted
        for base in reversed(bases(self._state_dir)):
            high = end
            while high > base:
                low = max(base, high - _BLOCK)
                block = self._slice(base, low, high - low)
                found = block.count(b"\n")
                if found >= wanted:
                    return low + _nth_from_end(block, wanted) + 1
                wanted -= found
                high = low
            end = min(end, base)
        return self.oldest()

    def close(self) -> None:
        self._committed.close()
        if self.descriptor >= 0:
            close(self.descriptor)

    def _open_nothing(self) -> int:
        """A descriptor with nothing to read, for the time until there is a segment again."""
        descriptor = open_file(f"{self._state_dir}/{FILE}", O_RDONLY | O_CLOEXEC)
        os.lseek(descriptor, 0, os.SEEK_END)
        return descriptor

    def _open(self, base: int) -> int:
        return open_file(path(self._state_dir, base), O_RDONLY | O_CLOEXEC)

    def _slice(self, base: int, offset: int, length: int) -> bytes:
        """Bytes of a segment that was listed; raises Pruned when it is gone since then."""
        try:
            descriptor = self._open(base)
        except FileNotFoundError:
            raise Pruned(self.oldest()) from None
        try:
            return pread(descriptor, length, offset - base)
        finally:
            close(descriptor)


def _nth_from_end(block: bytes, count: int) -> int:
    """The place of the `count`-th LF from the end; the block has that many."""
    place = len(block)
    for _ in range(count):
        place = block.rindex(b"\n", 0, place)
    return place
