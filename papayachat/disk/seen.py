"""Seen: how far a person has read, kept beside the replica as a cursor, `LOG OFFSET`.

It only grows, also if two front ends read the same room and both write it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from papayachat.disk.extent import LOG
from papayachat.disk.replica import Replica
from papayachat.stream.cursor import Cursor


class Seen:
    """`address` is the one after the last line that a person has seen."""

    def __init__(self, directory: Path) -> None:
        self.address = 0
        self._path = directory / "seen"
        self._saved = -1

    def load(self, copy: Replica) -> int | None:
        """The address that was saved; None if there is none."""
        address = self._read(copy)
        if address is not None:
            self.address = self._saved = address
        return address

    def save(self, copy: Replica) -> None:
        """Save it, without a sync, and without a word if the disk is full."""
        if self.address == self._saved:
            return
        with suppress(OSError), _locked(self._path.parent):
            self.address = max(self.address, self._read(copy) or 0)
            cursor = copy.cursor_at(self.address)
            temporary = self._path.with_name(".seen")
            temporary.write_text(f"{cursor.log} {cursor.offset}\n", "ascii")
            temporary.rename(self._path)
            self._saved = self.address

    def _read(self, copy: Replica) -> int | None:
        try:
            log, _, offset = self._path.read_text("ascii").strip().partition(" ")
            cursor = Cursor(log, int(offset))
        except (OSError, ValueError):
            return None
        if not LOG.match(log) or not copy.knows(log):
            return None
        # If the room went back to an older state, the copy may be shorter.
        return min(copy.address(cursor), copy.end)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Lock a directory against others who also lock it."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
