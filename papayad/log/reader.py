"""Reading the chat log: where a client's stream begins, and what comes next (design sections 3, 4).

Used by SEND and papayactl. A reader takes the committed end under the shared lock, and then reads
below that end without a lock: those bytes never change.
"""

import os
from bisect import bisect_right
from collections.abc import Callable
from os import O_CLOEXEC, O_RDONLY, SEEK_SET, close, fstat, lseek, pread, read
from os import open as open_file
from pathlib import Path

from papayad.log.committed import FILE, Committed, nobody
from papayad.log.segments import bases, holding, open_segment

_BLOCK = 65536
_OPEN = 1 << 64  # the end of the segment that is being written, which is not known


class Pruned(Exception):
    """The bytes at the reader's offset were removed; the log goes on at `oldest`.

    `torn`: the bytes that were read before end inside a record.
    """

    def __init__(self, oldest: int, torn: bool = False) -> None:
        super().__init__(oldest)
        self.oldest = oldest
        self.torn = torn


class Missing(Exception):
    """Bytes below the committed end are gone and no segment comes after them.

    The next writer begins one at the committed end; until then there is nothing to read.
    """


class Reader:
    """A position in the log. `descriptor` is the open segment's, its file position the reader's.

    The file position moves with sendfile and read, so that /proc/PID/fdinfo shows a client's lag.
    """

    def __init__(self, state_dir: str | Path, ring: Callable[[], None] = nobody) -> None:
        self._state_dir = str(state_dir)
        self._committed = Committed(state_dir, ring=ring)
        self.end = self._committed.end  # a function: the committed end now
        self.lock = self._committed.descriptor
        self.descriptor = -1
        self.offset = 0
        self.stop = _OPEN  # the open segment must not be read from this offset on
        self._base = -1  # of the open segment
        self._sought = 0  # where `seek` went: a boundary, as far as is known

    def seek(self, offset: int) -> None:
        """Go to an offset; raises Pruned when its segment is gone."""
        known = bases(self._state_dir)
        place = bisect_right(known, offset)
        if place:
            self._enter(known[place - 1], known[place:], offset)
        elif known:
            raise Pruned(known[0])
        else:
            self._replace(self._open_nothing(), -1, _OPEN, offset)

    def written(self) -> int:
        """The committed end; or the end of the last segment, if that comes before it.

        In that case somebody removed bytes, or the number is wrong: no record is there.
        """
        end, known = self.end(), bases(self._state_dir)
        return min(end, known[-1] + self._size(known[-1])) if known else end

    def goes_on_beyond_end(self) -> bool:
        """Whether there is more than was committed; a writer may be about to commit it."""
        end, known = self.end(), bases(self._state_dir)
        try:
            return bool(known) and known[-1] + self._size(known[-1]) > end
        except Pruned:  # a writer pruned it, so it has settled this
            return False

    def oldest(self) -> int:
        """The lowest offset that is still there."""
        known = bases(self._state_dir)
        return known[0] if known else self.end()

    def read(self, most: int) -> bytes:
        """Up to `most` bytes of the open segment from the position; empty at the segment's end."""
        data = read(self.descriptor, most)
        self.offset += len(data)
        return data

    def read_on(self, end: int, most: int) -> bytes:
        """Up to `most` bytes below `end`, the committed one or less; empty between two segments."""
        left = min(end, self.stop) - self.offset
        data = self.read(min(left, most)) if left > 0 else b""
        if not data:
            self.advance()
        return data

    def advance(self) -> None:
        """Go from the end of a segment to its successor. Raises Pruned, Missing.

        A segment that was truncated or edited in place may end too early or too late.
        """
        later = [base for base in bases(self._state_dir) if base > self._base]
        if not later:
            raise Missing
        if later[0] != self.offset:
            raise Pruned(later[0], self._is_torn())
        self._enter(later[0], later[1:], self.offset)

    def is_boundary(self, offset: int) -> bool:
        """Whether a record begins at `offset`, at or below the committed end. Raises Pruned."""
        base = holding(self._state_dir, offset)
        if base is None or base == offset:
            return base == offset
        return self._slice(base, offset - 1, 1) == b"\n"

    def record_before(self, offset: int) -> bytes:
        """The line that ends at a boundary, empty if it was pruned. Raises Pruned."""
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
            high = min(end, base + self._size(base))
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

    def _enter(self, base: int, later: list[int], offset: int) -> None:
        """Open a segment at an offset; `later` are the segments after it. Raises Pruned."""
        try:
            descriptor = open_segment(self._state_dir, base)
        except FileNotFoundError:  # pruned since it was listed
            self.seek(offset)
            return
        stop = _whole(descriptor, base, later[0]) if later else _OPEN
        lseek(descriptor, offset - base, SEEK_SET)
        self._replace(descriptor, base, stop, offset)

    def _replace(self, descriptor: int, base: int, stop: int, offset: int) -> None:
        if self.descriptor >= 0:
            close(self.descriptor)
        self.descriptor, self._base, self.stop = descriptor, base, stop
        self.offset = self._sought = offset

    def _is_torn(self) -> bool:
        """Whether the bytes that were read end inside a record, if that can still be seen."""
        if self.offset == self._sought:
            return False
        return pread(self.descriptor, 1, self.offset - 1 - self._base) != b"\n"

    def _open_nothing(self) -> int:
        """A descriptor with nothing to read, until there is a segment again."""
        descriptor = open_file(f"{self._state_dir}/{FILE}", O_RDONLY | O_CLOEXEC)
        os.lseek(descriptor, 0, os.SEEK_END)
        return descriptor

    def _size(self, base: int) -> int:
        """Bytes of a segment that was listed; raises Pruned when it is gone since then."""
        descriptor = self._open_listed(base)
        try:
            return fstat(descriptor).st_size
        finally:
            close(descriptor)

    def _slice(self, base: int, offset: int, length: int) -> bytes:
        """Bytes of a segment that was listed; raises Pruned when it is gone since then."""
        descriptor = self._open_listed(base)
        try:
            return pread(descriptor, length, offset - base)
        finally:
            close(descriptor)

    def _open_listed(self, base: int) -> int:
        try:
            return open_segment(self._state_dir, base)
        except FileNotFoundError:
            raise Pruned(self.oldest()) from None


def _whole(descriptor: int, base: int, following: int) -> int:
    """Where a sealed segment ends: where the next one begins.

    A shorter one was truncated, and its last line counts only if it has its LF.
    """
    high = min(following, base + fstat(descriptor).st_size)
    while base < high < following:
        low = max(base, high - _BLOCK)
        found = pread(descriptor, high - low, low - base).rfind(b"\n")
        if found >= 0:
            return low + found + 1
        high = low
    return high


def _nth_from_end(block: bytes, count: int) -> int:
    """The place of the `count`-th LF from the end; the block has that many."""
    place = len(block)
    for _ in range(count):
        place = block.rindex(b"\n", 0, place)
    return place
