"""The replica: what this profile has of its room, in extents, as one sequence of lines.

A line's place is its address: the number of its log among those that the room ever had, and its
offset there. Addresses grow in the order of reading and never move, wherever an extent is added:
before, after or between. Nothing is parsed and nothing is kept in memory but the open files.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path

from papayachat.disk.extent import LONGEST_LOG, Extent
from papayachat.disk.paths import data_dir, make_private
from papayachat.stream.cursor import Cursor
from papayachat.stream.splitter import Line
from papayad.formats import redaction, wire
from papayad.formats.redaction import Redaction

_LOG_BITS = LONGEST_LOG.bit_length() - 1  # of an address that are the offset
_NEAR = 4096
_FAR = 1 << 18


class Replica:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        found = [Extent.open(path) for path in sorted(directory.glob("*.log"))]
        extents = [extent for extent in found if extent is not None]
        self._logs = _by_age(extents)
        self._extents = sorted(extents, key=self._start)
        self._starts = [self._start(extent) for extent in self._extents]

    @property
    def cursor(self) -> Cursor | None:
        """Where the copy ends: what comes next is to be asked for from here."""
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

    def keep(self, cursor: Cursor, data: bytes) -> int:
        """Have whole lines that stand at a cursor, be they new or not; their address.

        What they say was redacted in their log is redacted here, too.
        """
        extent = self._place(cursor)
        if extent is None or not extent.append(cursor.offset, data):
            self._add(cursor).append(cursor.offset, data)
        for told in redaction.told_in(data):
            self._redact(cursor.log, told)
        return self.address(cursor)

    def address(self, cursor: Cursor) -> int:
        """The address of a place in a log; a log that was never seen is the newest."""
        if cursor.log not in self._logs:
            self._logs.append(cursor.log)
        return (self._logs.index(cursor.log) << _LOG_BITS) + cursor.offset

    def cursor_at(self, address: int) -> Cursor:
        """The place in a log that an address is of."""
        return Cursor(self._logs[address >> _LOG_BITS], offset(address))

    def knows(self, log: str) -> bool:
        return log in self._logs

    def has(self, start: Cursor, stop: Cursor) -> bool:
        """Whether every byte between two places of a log is here."""
        extent = self._place(start)
        return extent is not None and extent.log == stop.log and extent.end >= stop.offset

    def before(self, address: int) -> Line | None:
        """The line that ends at an address or, where there is a hole, before it."""
        return next(self.lines_back(address, _NEAR), None)

    def after(self, address: int) -> Line | None:
        """The line that begins at an address or, where there is a hole, after it."""
        return next(self.lines(address, _NEAR), None)

    def lines(self, address: int = 0, block: int = _FAR) -> Iterator[Line]:
        """Every line from an address on."""
        first = max(0, bisect_right(self._starts, address) - 1)
        for index in range(first, len(self._extents)):
            low = max(address, self._low(index))
            yield from self._forward(self._extents[index], low, block)

    def lines_back(self, address: int, block: int = _FAR) -> Iterator[Line]:
        """Every line that ends at an address or before, the last one first."""
        for index in range(bisect_left(self._starts, address) - 1, -1, -1):
            extent = self._extents[index]
            yield from self._backward(
                extent, self._low(index), min(address, self._end(extent)), block
            )

    def count(self, address: int) -> int:
        """How many lines there are from an address, at which one begins, on."""
        found = 0
        for index in range(max(0, bisect_right(self._starts, address) - 1), len(self._extents)):
            extent = self._extents[index]
            shift = self._start(extent) - extent.base
            low = max(address, self._low(index)) - shift
            for start in range(low, extent.end, _FAR):
                found += extent.read(start, min(extent.end, start + _FAR)).count(b"\n")
        return found

    def hole_before(self, address: int) -> Cursor | None:
        """The start of an extent of the newest log, when the address is one and something before
        it is missing: from there on back the server may have more."""
        index = bisect_left(self._starts, address)
        if index == len(self._starts) or self._starts[index] != address:
            return None
        extent = self._extents[index]
        if index and self._end(self._extents[index - 1]) >= address:
            return None
        newest = extent.log == self._logs[-1]
        return Cursor(extent.log, extent.base) if newest and extent.base > 0 else None

    def is_start(self, address: int) -> bool:
        """Whether an extent begins at the address without going on from the one before."""
        index = bisect_left(self._starts, address)
        there = index < len(self._starts) and self._starts[index] == address
        return there and not (index and self._end(self._extents[index - 1]) >= address)

    def close(self) -> None:
        for extent in self._extents:
            extent.close()

    def _redact(self, log: str, told: Redaction) -> None:
        for extent in self._extents:
            if extent.log == log and extent.base < told.stop and told.start < extent.end:
                extent.redact(told)

    def _start(self, extent: Extent) -> int:
        return (self._logs.index(extent.log) << _LOG_BITS) + extent.base

    def _end(self, extent: Extent) -> int:
        return self._start(extent) + extent.end - extent.base

    def _low(self, index: int) -> int:
        """Where the extent's own part begins: two of them may overlap."""
        start = self._starts[index]
        return max(start, self._end(self._extents[index - 1])) if index else start

    def _place(self, cursor: Cursor) -> Extent | None:
        """The extent that reaches, or ends at, a place; of several the one that goes furthest."""
        fit = [
            extent
            for extent in self._extents
            if extent.log == cursor.log and extent.base <= cursor.offset <= extent.end
        ]
        return max(fit, key=lambda extent: extent.end, default=None)

    def _add(self, cursor: Cursor) -> Extent:
        make_private(self._directory)
        address = self.address(cursor)
        extent = Extent.make(self._directory, cursor)
        index = bisect_left(self._starts, address)
        if index < len(self._starts) and self._starts[index] == address:
            extent.close()
            return self._extents[index]
        self._extents.insert(index, extent)
        self._starts.insert(index, address)
        return extent

    def _forward(self, extent: Extent, low: int, block: int) -> Iterator[Line]:
        shift = self._start(extent) - extent.base
        while low < self._end(extent):
            size = block
            data = extent.read(low - shift, min(extent.end, low - shift + size))
            while b"\n" not in data and low - shift + size < extent.end:
                size *= 4
                data = extent.read(low - shift, min(extent.end, low - shift + size))
            whole = data.rfind(b"\n") + 1
            if not whole:  # somebody cut the file under us
                return
            for raw in data[:whole].split(b"\n")[:-1]:
                yield Line(low, raw + b"\n")
                low += len(raw) + 1

    def _backward(self, extent: Extent, low: int, high: int, block: int) -> Iterator[Line]:
        shift = self._start(extent) - extent.base
        while low < high:
            size = block
            data = extent.read(max(low, high - size) - shift, high - shift)
            while data.count(b"\n") < 2 and high - size > low:
                size *= 4
                data = extent.read(max(low, high - size) - shift, high - shift)
            if high - size > low:
                data = data[data.find(b"\n") + 1 :]
            if not data.endswith(b"\n"):
                return
            for raw in reversed(data[:-1].split(b"\n")):
                yield Line(high - len(raw) - 1, raw + b"\n")
                high -= len(raw) + 1


def directory(profile: str) -> Path:
    """Where a profile's replica is."""
    return data_dir() / profile


def offset(address: int) -> int:
    """The offset in its log of what stands at an address."""
    return address & (LONGEST_LOG - 1)


def _by_age(extents: list[Extent]) -> list[str]:
    """The identities of the logs, the one last written to last."""
    changed: dict[str, float] = {}
    for extent in extents:
        changed[extent.log] = max(changed.get(extent.log, 0.0), extent.changed_at)
    return sorted(changed, key=lambda log: changed[log])
