"""A progress bar on stderr, for work that takes longer than a second."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_APPEARS_AFTER = 1.0  # seconds
_REDRAWN_AFTER = 0.1  # seconds
_WIDTH = 30


@dataclass
class Progress:
    """`reach(bytes)` may be called as often as you like."""

    what: str
    total: int
    visible: bool
    _began: float = field(default_factory=time.monotonic)
    _drawn: float = 0.0

    def reach(self, done: int) -> None:
        now = time.monotonic()
        due = max(self._began + _APPEARS_AFTER, self._drawn + _REDRAWN_AFTER)
        if not self.visible or now < due:
            return
        self._drawn = now
        share = min(1.0, done / self.total) if self.total else 1.0
        bar = "#" * int(share * _WIDTH)
        left = (now - self._began) * (1 - share) / share if share else 0
        line = f"\r{self.what} [{bar:<{_WIDTH}}] {share:4.0%} {left:.0f} s left \x1b[K"
        print(line, end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextmanager
def progress(what: str, total: int, visible: bool = True) -> Iterator[Progress]:
    """Show the progress through `total` bytes; at the end the bar is removed."""
    bar = Progress(what, total, visible and sys.stderr.isatty())
    try:
        yield bar
    finally:
        bar.clear()
