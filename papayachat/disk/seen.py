"""Seen: how far a person has read, kept beside the replica as a cursor, `LOG OFFSET`."""

import os
from contextlib import suppress
from pathlib import Path

from papayachat.disk.extent import LOG
from papayachat.disk.replica import Replica
from papayachat.stream.cursor import Cursor


class Seen:
    """`address` is the one after the last line that was in sight of somebody."""

    def __init__(self, directory: Path) -> None:
        self.address = 0
        self._path = directory / "seen"
        self._saved = -1

    def load(self, copy: Replica) -> int | None:
        """The address that was saved; None where there is none."""
        try:
            log, _, offset = self._path.read_text("ascii").strip().partition(" ")
            cursor = Cursor(log, int(offset))
        except (OSError, ValueError):
            return None
        if not LOG.match(log) or not copy.knows(log):
            return None
        # After a room that went back to an older state there may be less.
        self.address = self._saved = min(copy.address(cursor), copy.end)
        return self.address

    def save(self, copy: Replica) -> None:
        """Keep it. Not worth a sync, nor a word when the disk is full."""
        if self.address == self._saved:
            return
        cursor = copy.cursor_at(self.address)
        temporary = self._path.with_name(f".seen.{os.getpid()}")
        with suppress(OSError):
            temporary.write_text(f"{cursor.log} {cursor.offset}\n", "ascii")
            temporary.rename(self._path)
            self._saved = self.address
