"""Appending to the chat log: one transaction under the exclusive lock (design section 4).

Used by RECV, the reaper and papayactl. Each has an Appender of its own, made after the fork. The
steps are: lock; cut away what lies beyond the committed end, since nobody was ever shown it; one
write; under "disk" one fdatasync; store the new end; unlock; announce.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from errno import EIO
from os import close, fstat, write
from os.path import exists
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM
from time import time
from typing import Self

from papayad.formats.record import LONGEST, render, stamp
from papayad.log import forecast, moments, retention, segments
from papayad.log.committed import IMPOSSIBLE, Committed, nobody
from papayad.log.segments import bases, open_segment, path
from papayad.log.surplus import settle
from papayad.settings import Chatlog
from papayad.system.files import sync_directory
from papayad.system.plain_signals import BLOCK, SET, set_mask
from papayad.system.platform import sync_data

# These wait until the lock is free and the announcement made: a process that is asked to end first
# finishes its transaction.
_DEFERRED = {int(SIGTERM), int(SIGINT), int(SIGHUP)}
_MODE = os.O_RDWR | os.O_APPEND
_NONE = -(1 << 64)
_DATE = 10  # characters of a timestamp
_NEVER = "9999-99-99"

Line = tuple[str, str, str]  # sender, id, clean text that is not empty


class StorageError(Exception):
    """The log took only the first `kept` lines: no space, an I/O error, a file that is gone."""

    def __init__(self, why: OSError, kept: int) -> None:
        super().__init__(str(why))
        self.kept = kept


class Appender:
    """Writes records. `announce` wakes the readers; `warn` gets a line when something was cut.

    `ring` is called when the lock is not to be had.
    """

    def __init__(
        self,
        state_dir: str | Path,
        chatlog: Chatlog,
        announce: Callable[[], None],
        warn: Callable[[str], None],
        ring: Callable[[], None] = nobody,
    ) -> None:
        self._state_dir = str(state_dir)
        self._chatlog = chatlog
        self._announce = announce
        self._warn = warn
        self._committed = Committed(state_dir, writable=True, ring=ring)
        self._segment = -1  # descriptor of the last segment, once it is known
        self._base = 0
        self._day = _NEVER  # of the segment's first record, if each day has a segment of its own
        self._news = False
        self._failing = False  # whether the last write failed, and `warn` was told
        self._mask: set[int] = set()  # the signal mask before the transaction

    def transaction(self) -> Self:
        """Take the exclusive lock; when it is free again, announce what was written."""
        return self

    def __enter__(self) -> None:
        self._committed.acquire()
        self._mask = set_mask(BLOCK, _DEFERRED)

    def __exit__(self, *_: object) -> None:
        try:
            self._committed.release()
            if self._news:
                self._news = False
                self._announce()
        finally:
            set_mask(SET, self._mask)

    def append(self, lines: Sequence[Line]) -> None:
        """Write lines in a transaction of their own; raises StorageError.

        An OSError means that the lines are in the log, but the announcement failed.
        """
        with self.transaction():
            self.write(lines)

    def write(self, lines: Sequence[Line]) -> None:
        """Write lines in a transaction, all with the present time. Raises StorageError."""
        kept = 0
        try:
            end = self._find_end()
            now = stamp(time())
            day = now[:_DATE]
            rendered = [render(now, *line) for line in lines]
            while kept < len(rendered):
                is_full = end + len(rendered[kept]) > self._limit()
                if end > self._base and (is_full or self._day < day):
                    self._rotate(end)
                count, data = self._fitting(rendered, kept, end)
                end = self._commit(end, data)
                kept += count
        except OSError as error:
            if not self._failing:
                self._failing = True
                self._warn(f"the log cannot be written: {error}")
            raise StorageError(error, kept) from error

    def rotate(self) -> None:
        """Seal the present segment, unless it is empty. In a transaction only."""
        try:
            end = self._find_end()
            if end > self._base:
                self._rotate(end)
        except OSError as error:
            raise StorageError(error, 0) from error

    def close(self) -> None:
        self._committed.close()
        self._leave_segment()

    def _limit(self) -> int:
        return self._base + self._chatlog.segment_bytes

    def _fitting(self, rendered: list[bytes], first: int, end: int) -> tuple[int, bytes]:
        """How many lines (at least one) go into this segment with one write, and their bytes."""
        room = self._limit() - end - len(rendered[first])
        last = first + 1
        while last < len(rendered) and len(rendered[last]) <= room:
            room -= len(rendered[last])
            last += 1
        return last - first, b"".join(rendered[first:last])

    def _commit(self, end: int, data: bytes) -> int:
        """One write, one sync, one new end; if one fails, cut it away again. Returns the end."""
        try:
            if write(self._segment, data) != len(data):
                raise OSError(EIO, "short write")
            if self._chatlog.durability == "disk":
                sync_data(self._segment)
            self._committed.store(end + len(data))
        except OSError:
            with suppress(OSError):  # if this fails, the next transaction cuts it
                os.ftruncate(self._segment, end - self._base)
            with suppress(OSError):
                self._committed.put_back(end)
            raise
        self._news, self._failing = True, False
        return end + len(data)

    def _find_end(self) -> int:
        """The committed end, with the right segment open and nothing beyond the end in it."""
        end = self._committed.load()
        surplus = self._surplus(end)
        if surplus or exists(path(self._state_dir, end)):
            surplus = self._enter_last(end)
        if surplus < 0:
            self._go_on_without(end, surplus)
        return self._settle(end, surplus) if surplus > 0 else end

    def _surplus(self, end: int) -> int:
        """How many bytes the open segment has beyond an offset; negative if it ends before it.

        If no segment is open, or its name was removed, a very negative number.
        """
        if self._segment < 0:
            return _NONE
        status = fstat(self._segment)
        return self._base + status.st_size - end if status.st_nlink else _NONE

    def _enter_last(self, end: int) -> int:
        """Open the last segment, if there is one; return its surplus."""
        known = bases(self._state_dir)
        if not known:
            return _NONE
        self._enter(known[-1], 0)
        return self._surplus(end)

    def _settle(self, end: int, surplus: int) -> int:
        """Cut away what a killed writer left; keep records that are there if the end went back."""
        self._check_name()
        kept = settle(self._state_dir, self._base, end, self._committed.touched())
        os.ftruncate(self._segment, kept - self._base)
        if kept == end:
            self._warn(f"cut {surplus} bytes after offset {end} that were never committed")
            return end
        sync_data(self._segment)
        self._committed.store(kept)
        self._news = True
        self._warn(f"the committed end went back to {end}: the records up to {kept} are kept")
        return kept

    def _go_on_without(self, end: int, surplus: int) -> None:
        """Committed bytes were removed by hand: a new segment begins where they ended.

        No offset is used twice, so cursors stay valid, and a client that was below gets a gap. If
        more is missing than a segment holds, it was not removed: then the end is wrong.
        """
        self._check_name()
        most = self._chatlog.segment_bytes + LONGEST
        if (surplus != _NONE and -surplus > most) or end >= IMPOSSIBLE:
            raise OSError(EIO, f"the committed end {end} is far beyond the log's: restart the room")
        self._enter(end, os.O_CREAT)
        sync_directory(self._state_dir)
        self._warn(f"bytes before offset {end} were removed from the log, which goes on there")

    def _check_name(self) -> None:
        """Check the name: the lock excludes only processes that have the same file."""
        if not self._committed.is_named():
            raise OSError(EIO, f"{self._state_dir} is no longer the room's: restart the room")

    def _enter(self, base: int, flags: int) -> None:
        descriptor = open_segment(self._state_dir, base, _MODE | flags)
        self._leave_segment()
        self._segment, self._base = descriptor, base
        if self._chatlog.retain_days:
            self._day = (moments.first(self._state_dir, base) or stamp(time()))[:_DATE]

    def _leave_segment(self) -> None:
        if self._segment >= 0:
            close(self._segment)
            self._segment = -1

    def _rotate(self, end: int) -> None:
        """Seal the segment and make the next: first sync the old bytes, then the new name."""
        os.fsync(self._segment)
        self._enter(end, os.O_CREAT)
        sync_directory(self._state_dir)
        for base in retention.prune(self._state_dir, self._chatlog, time()):
            self._warn(f"removed segment {segments.name(base)} as chatlog.retain_* asks")
        forecast.warn(self._state_dir, self._chatlog, self._warn)
