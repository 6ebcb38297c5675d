"""When the log will fill its disk, if people go on talking as they do now (design section 4).

The start says it, a writer that begins a segment, and doctor: a log that nobody prunes fills any
disk, and a room whose disk is full takes no more messages.
"""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from papayad.formats import record
from papayad.log import moments, segments
from papayad.settings import Chatlog

DAY = 86400

_WARNED_BEFORE = 14 * DAY
_SHORTEST = 3600  # seconds; over a shorter time no rate is taken


@dataclass(frozen=True, slots=True)
class Forecast:
    """`rate` is in bytes a second; `seconds` is None if retention keeps the log small."""

    rate: float
    free: int
    seconds: float | None

    @property
    def is_soon(self) -> bool:
        return self.seconds is not None and self.seconds < _WARNED_BEFORE

    def __str__(self) -> str:
        """For people who know the log: "full in 3 days at this rate (1200 MB a day)"."""
        if self.seconds is None:
            return "chatlog.retain_* keeps the log from filling it"
        days = self.seconds / DAY
        span = f"{days:.0f} days" if days >= 2 else f"{self.seconds / 3600:.0f} hours"
        return f"full in {span} at this rate ({self.rate * DAY / 1e6:.0f} MB of log a day)"


def forecast(state_dir: str | Path, chatlog: Chatlog, now: float) -> Forecast | None:
    """The forecast; None if the log is too young for a rate. Raises OSError."""
    known = segments.bases(state_dir)
    if not known:
        return None
    end = known[-1] + os.stat(segments.path(state_dir, known[-1])).st_size
    disk = os.statvfs(state_dir)
    free = disk.f_bavail * disk.f_frsize
    rate = _rate(state_dir, known, end, now)
    if not rate:
        return None
    most = _most(chatlog, rate)
    bounded = most is not None and most - (end - known[0]) < free
    return Forecast(rate, free, None if bounded else free / rate)


def _rate(state_dir: str | Path, known: list[int], end: int, now: float) -> float:
    """Bytes a second since the youngest segment began that is at least a day old."""
    for base in reversed(known):
        began = moments.first(state_dir, base)
        age = now - record.seconds(began) if began else 0
        if age >= DAY or (base == known[0] and age >= _SHORTEST):
            return (end - base) / age
    return 0.0


def _most(chatlog: Chatlog, rate: float) -> float | None:
    """How large the log can get with its retention; None: as large as the disk."""
    bounds = []
    if chatlog.retain_bytes:
        bounds.append(float(chatlog.retain_bytes + 2 * chatlog.segment_bytes))
    if chatlog.retain_days:
        bounds.append(rate * DAY * (chatlog.retain_days + 1) + chatlog.segment_bytes)
    return min(bounds, default=None)


def warn(state_dir: str | Path, chatlog: Chatlog, say: Callable[[str], None]) -> None:
    """Warn in time that the disk will be full; if the disk cannot be asked, say nothing."""
    with suppress(OSError):
        seen = forecast(state_dir, chatlog, time.time())
        if seen and seen.is_soon:
            say(f"the disk of {state_dir} is {seen}: see chatlog.retain_bytes and retain_days")
