"""The replica: what this profile has of its room, in extents, as one sequence of lines.

The place of a line is its address: the number of its log among those that the room has had, and its
offset there. Addresses grow in the order of reading, and never change, wherever an extent is added:
before, after or between. Nothing is parsed, and only the open files are kept in memory.
"""

import shutil
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from papayachat.disk.extent import LONGEST_LOG, Extent
from papayachat.disk.paths import data_dir, make_private
from papayachat.stream.cursor import Cursor
from papayachat.stream.splitter import Line
from papayad.errors import Fault
from papayad.formats import redaction, wire
from papayad.formats.redaction import Redaction

_LOG_BITS = LONGEST_LOG.bit_length() - 1  # the bits of an address that are the offset
_NEAR = 4096  # bytes that are read at once for a line, and for many
_FAR = 1 << 18
_STAMP = 27  # bytes of a record's timestamp


class Replica:
    """`spare` gets extents that the directory does not take, while this process lives; `trouble`
    says why. `logs` are the identities in their order, if somebody else has settled that."""

    def __init__(
        self, directory: Path, spare: Path | None = None, logs: Sequence[str] = ()
    ) -> None:
        self.trouble: Fault | None = None
        self._directory = directory
        self._spare = spare
        places = [directory, spare] if spare is not None else [directory]
        paths = [path for place in places for path in sorted(place.glob("*.log"))]
        found = [Extent.open(path) for path in paths]
        extents = [extent for extent in found if extent is not None]
        self.logs = [*logs, *(log for log in _by_age(extents) if log not in logs)]
        self._extents = sorted(extents, key=self._start)
        self._starts = [self._start(extent) for extent in self._extents]

    @property
    def cursor(self) -> Cursor | None:
        """Where the copy ends: ask the server for what comes from here on."""
        if not self._extents:
            return None
        last = self._extents[-1]
        line = self.before(self.end)
        known = line is not None and line.end == self.end
        return Cursor(last.log, last.end, wire.check_of(line.raw) if line and known else "")

    @property
    def end(self) -> int:
        """The address after the last line."""
        return self._end(self._extents[-1]) if self._extents else 0

    @property
    def places(self) -> list[Path]:
        """The directories in which it is."""
        return [self._directory, self._spare] if self._spare is not None else [self._directory]

    def keep(self, cursor: Cursor, data: bytes) -> int:
        """Keep whole lines at a cursor, new or not; return their address.

        If they say that something was redacted, it is redacted here, too. A Fault if neither the
        directory nor the spare one takes them.
        """
        extent = self._place(cursor)
        try:
            if extent is None or not extent.append(cursor.offset, data):
                self._add(cursor, self._directory).append(cursor.offset, data)
        except Fault as fault:
            self._forgive(fault)
            at = self._place(cursor)  # a part of them may be stored
            done = at.end - cursor.offset if at is not None else 0
            rest = Cursor(cursor.log, cursor.offset + done)
            self._add(rest, self._spare or self._directory).append(rest.offset, data[done:])
        for told in redaction.told_in(data):
            self._redact(cursor.log, told)
        return self.address(cursor)

    def address(self, cursor: Cursor) -> int:
        """The address of a place in a log; a log that is not known yet is the newest."""
        if cursor.log not in self.logs:
            self.logs.append(cursor.log)
        return (self.logs.index(cursor.log) << _LOG_BITS) + cursor.offset

    def address_at(self, stamp: str) -> int:
        """Where the records since a time begin, by bisection: the order of a log is its offset, so
        records with a wrong time, after a jump of the clock, may be on either side."""
        wanted = stamp.encode()
        for index, extent in enumerate(self._extents):
            low, high = self._low(index), self._end(extent)
            last = self.before(high)
            if last is None or last.raw < wanted:
                continue
            while low < high:
                middle = (low + high) // 2
                line = self._line_at(index, middle)
                if line is None:  # somebody cut the file under us
                    break
                if line.raw[:_STAMP] < wanted:
                    low = line.end
                else:
                    high = min(middle, line.offset)
            return low
        return self.end

    def cursor_at(self, address: int) -> Cursor:
        """The place in a log that an address means."""
        return Cursor(self.logs[address >> _LOG_BITS], offset(address))

    def knows(self, log: str) -> bool:
        return log in self.logs

    def has(self, start: Cursor, stop: Cursor) -> bool:
        """Whether every byte between two places of a log is here."""
        extent = self._place(start)
        return extent is not None and extent.log == stop.log and extent.end >= stop.offset

    def is_line_start(self, address: int) -> bool:
        """Whether a line of the copy begins at the address."""
        line = self.before(address)
        there = self.after(address)
        return (
            there is not None
            and there.offset == address
            and (self.is_start(address) or (line is not None and line.end == address))
        )

    def before(self, address: int) -> Line | None:
        """The line that ends at an address or, if there is a hole, before it."""
        return next(self.lines_back(address, _NEAR), None)

    def after(self, address: int) -> Line | None:
        """The line that begins at an address or, if there is a hole, after it."""
        return next(self.lines(address, _NEAR), None)

    def lines(self, address: int = 0, block: int = _FAR) -> Iterator[Line]:
        """Every line from an address on."""
        first = max(0, bisect_right(self._starts, address) - 1)
        for index in range(first, len(self._extents)):
            low = max(address, self._low(index))
            yield from self._forward(self._extents[index], low, block)

    def lines_back(self, address: int, block: int = _FAR) -> Iterator[Line]:
        """Every line that ends at an address or before, the last one first."""
        for start, data in self.blocks_back(address, block):
            at = start + len(data)
            for raw in reversed(data[:-1].split(b"\n")):
                at -= len(raw) + 1
                yield Line(at, raw + b"\n")

    def blocks_back(
        self, address: int, block: int = _FAR, low: int = 0
    ) -> Iterator[tuple[int, bytes]]:
        """Every piece of whole lines before an address, the last one first, with its address; those
        below `low` are left out."""
        for index in range(bisect_left(self._starts, address) - 1, -1, -1):
            extent = self._extents[index]
            if self._end(extent) <= low:
                return
            bottom = max(low, self._low(index))
            yield from self._backward(extent, bottom, min(address, self._end(extent)), block)

    def count(self, address: int) -> int:
        """How many lines there are from the line at an address on."""
        found = 0
        for index in range(max(0, bisect_right(self._starts, address) - 1), len(self._extents)):
            extent = self._extents[index]
            shift = self._start(extent) - extent.base
            low = max(address, self._low(index)) - shift
            for start in range(low, extent.end, _FAR):
                found += extent.read(start, min(extent.end, start + _FAR)).count(b"\n")
        return found

    def hole_before(self, address: int) -> Cursor | None:
        """The start of an extent of the newest log, if the address is one and lines before it are
        missing: the server may have more of them."""
        index = bisect_left(self._starts, address)
        if index == len(self._starts) or self._starts[index] != address:
            return None
        extent = self._extents[index]
        if index and self._end(self._extents[index - 1]) >= address:
            return None
        newest = extent.log == self.logs[-1]
        return Cursor(extent.log, extent.base) if newest and extent.base > 0 else None

    def unbroken_from(self, address: int) -> int:
        """The lowest address from which nothing is missing up to this one."""
        index = bisect_left(self._starts, address) - 1
        while index > 0 and self._end(self._extents[index - 1]) >= self._starts[index]:
            index -= 1
        return self._starts[index] if index >= 0 else address

    def is_start(self, address: int) -> bool:
        """Whether an extent begins at the address that does not continue the one before."""
        index = bisect_left(self._starts, address)
        there = index < len(self._starts) and self._starts[index] == address
        return there and not (index and self._end(self._extents[index - 1]) >= address)

    def close(self) -> None:
        for extent in self._extents:
            extent.close()
        if self.trouble is not None and self._spare is not None:
            shutil.rmtree(self._spare, ignore_errors=True)

    def _redact(self, log: str, told: Redaction) -> None:
        for extent in self._extents:
            if extent.log == log and extent.base < told.stop and told.start < extent.end:
                try:
                    extent.redact(told)
                except Fault as fault:
                    self._forgive(fault)

    def _forgive(self, fault: Fault) -> None:
        """Go on without the disk if there is a spare directory; else raise the Fault."""
        if self._spare is None:
            raise fault
        self.trouble = fault

    def _start(self, extent: Extent) -> int:
        return (self.logs.index(extent.log) << _LOG_BITS) + extent.base

    def _end(self, extent: Extent) -> int:
        return self._start(extent) + extent.end - extent.base

    def _low(self, index: int) -> int:
        """Where the part begins that only this extent has: two of them may overlap."""
        start = self._starts[index]
        return max(start, self._end(self._extents[index - 1])) if index else start

    def _place(self, cursor: Cursor) -> Extent | None:
        """The extent that has a place, or ends there; of several the one that goes furthest."""
        fit = [
            extent
            for extent in self._extents
            if extent.log == cursor.log and extent.base <= cursor.offset <= extent.end
        ]
        return max(fit, key=lambda extent: extent.end, default=None)

    def _add(self, cursor: Cursor, directory: Path) -> Extent:
        make_private(directory)
        address = self.address(cursor)
        extent = Extent.make(directory, cursor)
        index = bisect_left(self._starts, address)
        if index < len(self._starts) and self._starts[index] == address:
            if directory == self._directory:
                extent.close()
                return self._extents[index]
            self._extents[index].close()
            self._extents[index] = extent
            return extent
        self._extents.insert(index, extent)
        self._starts.insert(index, address)
        return extent

    def _line_at(self, index: int, address: int) -> Line | None:
        """The line of an extent that has the byte at an address."""
        extent = self._extents[index]
        shift = self._start(extent) - extent.base
        start = extent.line_start(self._low(index) - shift, address - shift)
        return next(self._forward(extent, start + shift, _NEAR), None)

    def _forward(self, extent: Extent, low: int, block: int) -> Iterator[Line]:
        shift = self._start(extent) - extent.base
        for start, raw in extent.lines(low - shift, block):
            yield Line(start + shift, raw)

    def _backward(
        self, extent: Extent, low: int, high: int, block: int
    ) -> Iterator[tuple[int, bytes]]:
        shift = self._start(extent) - extent.base
        for start, data in extent.blocks_back(low - shift, high - shift, block):
            yield start + shift, data


def directory(profile: str) -> Path:
    """The directory of a profile's replica."""
    return data_dir() / profile


def offset(address: int) -> int:
    """The offset in the log that an address means."""
    return address & (LONGEST_LOG - 1)


def _by_age(extents: list[Extent]) -> list[str]:
    """The identities of the logs, the one that was written last at the end."""
    changed: dict[str, float] = {}
    for extent in extents:
        changed[extent.log] = max(changed.get(extent.log, 0.0), extent.changed_at)
    return sorted(changed, key=lambda log: changed[log])
