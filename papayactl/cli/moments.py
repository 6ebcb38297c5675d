"""Durations and moments as people write and read them: 90s, 5m, 12h, 30d, 2026-12-31.

A leaf, used for options and for columns.
"""

import re
import time
from datetime import UTC, datetime

import click

from papayad.state.tokens import format_time

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhdw]?)\Z")


def as_duration(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    """A click callback: seconds, from `90`, `90s`, `5m`, `12h`, `30d`, `2w`."""
    if text is None:
        return None
    seconds = duration(text)
    if seconds is None:
        raise click.BadParameter(f'"{text}" is no duration like 90s, 5m, 12h, 30d')
    return seconds


def as_moment(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    """A click callback: seconds since the epoch, from a duration (from now on) or a date (UTC)."""
    if text is None:
        return None
    seconds = duration(text)
    if seconds is not None:
        return time.time() + seconds
    return _date(text)


def as_past(_: click.Context, __: click.Parameter, text: str | None) -> float | None:
    """A click callback: the same, but a duration means that long ago."""
    if text is None:
        return None
    seconds = duration(text)
    return _date(text) if seconds is None else time.time() - seconds


def duration(text: str) -> float | None:
    """The seconds of a duration, or None when the text is not one."""
    match = _DURATION.match(text)
    return float(match[1]) * UNITS[match[2] or "s"] if match else None


def age(seconds: float) -> str:
    """A duration in its two largest units: 5s, 3m12s, 4h07m, 12d03h."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def rfc3339(seconds: float | None) -> str | None:
    """A moment in the form that JSON output has, or None."""
    return None if seconds is None else format_time(seconds)


def _date(text: str) -> float:
    """A date, or a date and a time, in UTC unless it says otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f'"{text}" is neither like 30d nor like 2026-12-31') from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
