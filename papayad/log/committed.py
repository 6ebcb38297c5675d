"""The committed end of the log, and the lock on it (design section 4).

Every process that reads or writes the log opens `state_dir/committed` itself: flock belongs to the
open file description, and a description that is inherited across fork excludes nobody. The
committed end is never the file's size: what lies beyond it was never shown to anybody.
"""

import os
import signal
from collections.abc import Callable
from errno import EIO
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
from os import O_CLOEXEC, O_RDONLY, O_RDWR, close, pread, pwrite
from os import open as open_file
from pathlib import Path

FILE = "committed"
DIGITS = 20
IMPOSSIBLE = 10**18  # no log ever grows to this offset
_RUNG_AFTER = 3.0  # seconds of waiting for the lock, again and again


def nobody() -> None:
    """A process that waits and is not the daemon's has nobody to ring for."""


class Committed:
    """One process's own open file description of the lock. Not to be used across fork."""

    def __init__(
        self,
        state_dir: str | Path,
        *,
        writable: bool = False,
        ring: Callable[[], None] = nobody,
    ) -> None:
        mode = O_RDWR if writable else O_RDONLY
        self._path = f"{state_dir}/{FILE}"
        self._ring = ring
        self._listening = False
        self.descriptor = open_file(self._path, mode | O_CLOEXEC)

    def close(self) -> None:
        close(self.descriptor)

    def end(self) -> int:
        """The committed end in bytes, under LOCK_SH: no writer is between two steps then."""
        self._acquire(LOCK_SH)
        try:
            return self.load()
        finally:
            flock(self.descriptor, LOCK_UN)

    def acquire(self) -> None:
        """Wait for the lock: nobody reads the end or writes until `release`."""
        self._acquire(LOCK_EX)

    def release(self) -> None:
        flock(self.descriptor, LOCK_UN)

    def load(self) -> int:
        """The end, for a caller that holds the lock; OSError if there is no number in the file."""
        text = pread(self.descriptor, DIGITS, 0)
        if not text.isdigit():
            raise OSError(EIO, f"{self._path} has no number: restart the room")
        return int(text)

    def store(self, end: int) -> None:
        """Set the end, with one small write. For a caller that holds the lock exclusively."""
        line = b"%020d\n" % end
        if pwrite(self.descriptor, line, 0) != len(line):
            raise OSError(EIO, "short write")

    def put_back(self, end: int) -> None:
        """Set the old end again, after a `store` that failed may have left another one."""
        if pread(self.descriptor, DIGITS, 0) != b"%020d" % end:
            self.store(end)

    def touched(self) -> float:
        """When the file was last changed in any way (ctime, which nobody can set)."""
        return os.fstat(self.descriptor).st_ctime

    def is_named(self) -> bool:
        """Whether the file of this name is still ours: state_dir is not unmounted or replaced."""
        try:
            named = os.stat(self._path)
        except OSError:
            return False
        return os.path.samestat(named, os.fstat(self.descriptor))

    def _acquire(self, operation: int) -> None:
        """Wait for the lock; after a while ring, so that the acceptor looks who holds it.

        The timer runs only while a process waits: an idle room has none.
        """
        try:
            flock(self.descriptor, operation | LOCK_NB)
            return
        except BlockingIOError:
            pass
        if not self._listening:
            signal.signal(signal.SIGALRM, lambda *_: self._ring())
            self._listening = True
        signal.setitimer(signal.ITIMER_REAL, _RUNG_AFTER, _RUNG_AFTER)
        try:
            flock(self.descriptor, operation)  # the handler runs, and the wait goes on
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
