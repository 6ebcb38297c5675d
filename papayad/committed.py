"""The committed end of the log, and the lock on it (design section 4).

Every process that reads or writes the log opens `state_dir/committed` for itself: flock belongs to
the open file description, and one that is inherited across fork excludes nobody. The committed end
is never the file's size: what lies beyond it was never shown to anybody.
"""

import fcntl
import os
import signal
from collections.abc import Callable
from errno import EIO
from pathlib import Path

from papayad import stuck

FILE = "committed"
DIGITS = 20
_PATIENCE = 5.0  # seconds of waiting for the lock, after which its holder is looked at


def _ignore(_: str) -> None:
    """Whoever waits beside the daemon has no journal."""


class Committed:
    """One process's own description of the lock. Not to be used across fork."""

    def __init__(
        self, state_dir: Path, *, writable: bool = False, warn: Callable[[str], None] = _ignore
    ) -> None:
        mode = os.O_RDWR if writable else os.O_RDONLY
        self._state_dir = state_dir
        self._warn = warn
        self._listening = False
        self.descriptor = os.open(state_dir / FILE, mode | os.O_CLOEXEC)

    def close(self) -> None:
        os.close(self.descriptor)

    def end(self) -> int:
        """The committed end in bytes, taken under LOCK_SH: no writer is between two steps."""
        self._take(fcntl.LOCK_SH)
        try:
            return int(os.pread(self.descriptor, DIGITS, 0))
        finally:
            fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def take(self) -> None:
        """Wait for the lock: nobody reads the end or writes until `release`."""
        self._take(fcntl.LOCK_EX)

    def release(self) -> None:
        fcntl.flock(self.descriptor, fcntl.LOCK_UN)

    def load(self) -> int:
        """The end, for who holds the lock already."""
        try:
            return int(os.pread(self.descriptor, DIGITS, 0))
        except ValueError:
            raise OSError(EIO, f"{self._state_dir / FILE} has no number") from None

    def store(self, end: int) -> None:
        """Set the end; one small write. For who holds the lock exclusively."""
        line = b"%020d\n" % end
        if os.pwrite(self.descriptor, line, 0) != len(line):
            raise OSError(EIO, "short write")

    def is_named(self) -> bool:
        """Whether state_dir is still where this file is: not unmounted, not another one by now."""
        try:
            named = os.stat(self._state_dir / FILE)
        except OSError:
            return False
        return os.path.samestat(named, os.fstat(self.descriptor))

    def _take(self, operation: int) -> None:
        """Wait for the lock; whoever waits long looks for a holder that is stopped.

        The timer runs only while somebody waits: an idle room has none.
        """
        try:
            fcntl.flock(self.descriptor, operation | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            pass
        if not self._listening:
            signal.signal(signal.SIGALRM, self._look)
            self._listening = True
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE, _PATIENCE)
        try:
            fcntl.flock(self.descriptor, operation)  # the handler runs, and the wait goes on
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _look(self, signum: int, frame: object) -> None:
        stuck.end_stopped_holders(self.descriptor, self._state_dir, self._warn)
