"""When: a record's time in the reader's time zone, and times that a person types."""

import locale
import re
import time
from calendar import timegm
from functools import lru_cache

from papayad.formats import record

_AGO = re.compile(r"(\d{1,6})([smhdw])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


@lru_cache(4096)
def local(stamp: str) -> time.struct_time | None:
    """A record's timestamp as local time, to the minute; None if there is no such time."""
    try:
        return time.localtime(timegm(time.strptime(stamp[:16], "%Y-%m-%dT%H:%M")))
    except (ValueError, OverflowError, OSError):
        return None


def clock(stamp: str, twelve: bool = False) -> str:
    """The local time as HH:MM, or as H:MM with a or p, which takes one more column."""
    at = local(stamp[:16])
    if at is None:
        return "--:--" + " " * twelve
    if twelve:
        return f"{(at.tm_hour + 11) % 12 + 1:2d}:{at.tm_min:02d}{'ap'[at.tm_hour // 12]}"
    return f"{at.tm_hour:02d}:{at.tm_min:02d}"


def has_twelve_hours(clock: str) -> bool:
    """Whether to show twelve hours and am, pm: "12", "24", or "auto" as the locale says."""
    if clock != "auto":
        return clock == "12"
    return any(code in locale.nl_langinfo(locale.T_FMT) for code in ("%r", "%I", "%l", "%p"))


def day(stamp: str) -> str:
    """The local day as YYYY-MM-DD; empty if there is no such time."""
    at = local(stamp[:16])
    return "" if at is None else f"{at.tm_year:04d}-{at.tm_mon:02d}-{at.tm_mday:02d}"


def parse(text: str, now: float) -> str | None:
    """The record timestamp of "2h", "7d", "18:30", "2026-11-22" or "2026-11-22 21:53", which are
    local times. None if it is none of these."""
    ago = _AGO.match(text)
    if ago is not None:
        return record.stamp(max(0.0, now - int(ago[1]) * _SECONDS[ago[2]]))
    if re.match(r"\d\d?:\d\d\Z", text):
        text = f"{time.strftime('%Y-%m-%d', time.localtime(now))} {text}"
    if text.endswith("Z") and re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text):
        return text[:-1].partition(".")[0] + ".000000Z"
    for form in _FORMS:
        try:
            return record.stamp(max(0.0, time.mktime(time.strptime(text, form))))
        except (ValueError, OverflowError):
            continue
    return None
