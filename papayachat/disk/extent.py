"""An extent: one file of the local copy, a piece of one log without a hole (design section 4).

Its name is LOG-BASE.log, with the log's identity and the offset of its first byte, so that name and
size are a cursor. Any number of processes may append: each writes under a flock on its own open
file description, at the place of an offset, so if two write the same bytes, they are there once. A
process that is killed while it writes leaves a partial line, and the next process that appends cuts
it off.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from papayachat.stream.cursor import Cursor
from papayad.errors import Fault, denied_or, reason
from papayad.formats.redaction import Redaction, redact

LOG = re.compile(r"[0-9a-f]{1,64}\Z")  # what may be in a file's name; the server chose it
LONGEST_LOG = 1 << 56  # bytes of a log: far more than one can ever have
_NAME = re.compile(r"([0-9a-f]{1,64})-([0-9]{20})\.log\Z")
_LINE = 4096  # bytes that most lines are shorter than
_LOOKED_AT = 1 << 20  # bytes at the end that a power cut may have left as zeros


class Extent:
    """`end` is the offset after the last whole line that this process knows of."""

    def __init__(self, path: Path, log: str, base: int, descriptor: int) -> None:
        self.path = path
        self.log = log
        self.base = base
        self._descriptor = descriptor
        self.end = base + self._whole()
        self.changed_at = os.fstat(descriptor).st_mtime

    @classmethod
    def open(cls, path: Path) -> "Extent | None":
        """The extent in a file; None if the name is not one of an extent."""
        match = _NAME.match(path.name)
        if match is None:
            return None
        return cls(path, match[1], int(match[2]), _open(path, 0))

    @classmethod
    def make(cls, directory: Path, cursor: Cursor) -> "Extent":
        """Make, or open, the extent that begins at a cursor."""
        if not LOG.match(cursor.log) or not 0 <= cursor.offset < LONGEST_LOG:
            raise Fault("server", "its log has an impossible identity or offset")
        path = directory / f"{cursor.log}-{cursor.offset:020d}.log"
        return cls(path, cursor.log, cursor.offset, _open(path, os.O_CREAT))

    def read(self, start: int, stop: int) -> bytes:
        """The bytes between two offsets of the log."""
        return os.pread(self._descriptor, max(0, stop - start), start - self.base)

    def lines(self, start: int, block: int) -> Iterator[tuple[int, bytes]]:
        """The lines from an offset on, at which one begins, each with its own offset."""
        while start < self.end:
            size = block
            data = self.read(start, min(self.end, start + size))
            while b"\n" not in data and start + size < self.end:
                size *= 4
                data = self.read(start, min(self.end, start + size))
            whole = data.rfind(b"\n") + 1
            if not whole:  # another process has cut the file
                return
            for raw in data[:whole].split(b"\n")[:-1]:
                yield start, raw + b"\n"
                start += len(raw) + 1

    def blocks_back(self, low: int, high: int, block: int) -> Iterator[tuple[int, bytes]]:
        """Pieces of whole lines between two offsets, the last one first, each with its offset."""
        while low < high:
            size = block
            data = self.read(max(low, high - size), high)
            while data.count(b"\n") < 2 and high - size > low:
                size *= 4
                data = self.read(max(low, high - size), high)
            if high - size > low:
                data = data[data.find(b"\n") + 1 :]
            if not data.endswith(b"\n"):
                return
            high -= len(data)
            yield high, data

    def line_start(self, low: int, offset: int) -> int:
        """Where the line begins that has the byte at an offset; a line begins at `low`."""
        end = offset
        while end > low:
            start = max(low, end - _LINE)
            cut = self.read(start, end).rfind(b"\n")
            if cut >= 0:
                return start + cut + 1
            end = start
        return low

    def append(self, offset: int, data: bytes) -> bool:
        """Have whole lines at `offset`; False if that would leave a hole.

        If other lines are here, the room has gone back to an older state of its log: from the first
        line on that differs, what is here is cut.
        """
        with self._locked():
            return self._append(offset, data)

    def redact(self, told: Redaction) -> None:
        """Erase the texts of the records that a redaction means; no offset changes."""
        with self._locked():
            start = max(told.start, self.base)
            for line in self._lines(start, min(told.stop, self.end)):
                if line.split(b" ", 2)[1:2] == [told.sender.encode()]:
                    self._overwrite(redact(line), start)
                start += len(line)
            os.fsync(self._descriptor)

    def close(self) -> None:
        os.close(self._descriptor)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock out other writers; if the system refuses, that is a Fault."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        except OSError as error:
            raise Fault(str(self.path), reason(error)) from error

    def _lines(self, start: int, stop: int) -> Iterator[bytes]:
        """The whole lines between two offsets, each with its LF; one begins at `start`."""
        partial = b""
        while start < stop:
            block = self.read(start, min(stop, start + _LOOKED_AT))
            if not block:  # somebody has cut the file meanwhile
                return
            start += len(block)
            *whole, partial = (partial + block).split(b"\n")
            yield from (line + b"\n" for line in whole)

    def _append(self, offset: int, data: bytes) -> bool:
        size = os.fstat(self._descriptor).st_size
        whole = size if self.base + size == self.end else self._whole()
        if size != whole:
            os.ftruncate(self._descriptor, whole)
        end = self.base + whole
        if end < offset:
            self.end = end
            return False
        end = self._cut_where_it_differs(offset, data, end)
        self._write(data[end - offset :], end - self.base)
        self.end = max(end, offset + len(data))
        return True

    def _cut_where_it_differs(self, offset: int, data: bytes, end: int) -> int:
        """Cut there; return the end, which is the same as before if nothing differs."""
        known = self.read(offset, min(end, offset + len(data)))
        if data.startswith(known):
            return end
        *lines, rest = known.split(b"\n")
        place = offset
        for mine, theirs in zip(lines, data.split(b"\n"), strict=False):
            if mine != theirs and not self._is_redacted(place, mine + b"\n", theirs + b"\n"):
                break
            place += len(mine) + 1
        else:
            if not rest:
                return end
        os.ftruncate(self._descriptor, place - self.base)
        return place

    def _is_redacted(self, place: int, mine: bytes, theirs: bytes) -> bool:
        """Whether one line is the other, redacted; redact it here, too, if it is not yet."""
        if theirs == redact(mine):
            self._overwrite(theirs, place)
            return True
        return mine == redact(theirs)

    def _overwrite(self, line: bytes, offset: int) -> None:
        """Replace a line by another of the same length."""
        while line:
            done = os.pwrite(self._descriptor, line, offset - self.base)
            line, offset = line[done:], offset + done

    def _write(self, data: bytes, place: int) -> None:
        done = 0
        try:
            while done < len(data):
                done += os.pwrite(self._descriptor, data[done:], place + done)
        except OSError:
            os.ftruncate(self._descriptor, place)
            raise

    def _whole(self) -> int:
        """The size up to the end of the last whole line, or up to zeros, which no line has."""
        size = os.fstat(self._descriptor).st_size
        low = max(0, size - _LOOKED_AT)
        tail = os.pread(self._descriptor, size - low, low)
        zero = tail.find(b"\0")
        cut = tail.rfind(b"\n", 0, zero if zero >= 0 else len(tail))
        return low + cut + 1 if cut >= 0 or low == 0 else self._whole_below(low)

    def _whole_below(self, end: int) -> int:
        while end > 0:
            low = max(0, end - _LOOKED_AT)
            cut = os.pread(self._descriptor, end - low, low).rfind(b"\n")
            if cut >= 0:
                return low + cut + 1
            end = low
        return 0


def _open(path: Path, create: int) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | create, 0o600)
    except OSError as error:
        with suppress(OSError):  # if it cannot be written, it can still be read
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        raise Fault(str(path), reason(error), code=denied_or(error, 1)) from error
