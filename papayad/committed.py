"""The committed end of the log, and the lock on it (design section 4).

Every process that reads or writes the log opens `state_dir/committed` for itself: flock belongs to
the open file description, and one that is inherited across fork excludes nobody. The committed end
is never the file's size: what lies beyond it was never shown to anybody.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "committed"
_DIGITS = 20


class Committed:
    """One process's own description of the lock. Not to be used across fork."""

    def __init__(self, state_dir: Path, *, writable: bool = False) -> None:
        mode = os.O_RDWR if writable else os.O_RDONLY
        self.descriptor = os.open(state_dir / FILE, mode | os.O_CLOEXEC)

    def close(self) -> None:
        os.close(self.descriptor)

    def end(self) -> int:
        """The committed end in bytes, taken under LOCK_SH: no writer is between two steps."""
        fcntl.flock(self.descriptor, fcntl.LOCK_SH)
        try:
            return int(os.pread(self.descriptor, _DIGITS, 0))
        finally:
            fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nobody reads the end or writes while this is held. Waits for the lock."""
        fcntl.flock(self.descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Let the lock go, early or at the end; a lock that is free already stays so."""
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def load(self) -> int:
        """The end, for who holds the lock already."""
        return int(os.pread(self.descriptor, _DIGITS, 0))

    def store(self, end: int) -> None:
        """Set the end; one small write. For who holds the lock exclusively."""
        os.pwrite(self.descriptor, b"%020d\n" % end, 0)
