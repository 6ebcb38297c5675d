"""Numbers as an admin reads them: 1.2M, 3m12s, 0.4. A leaf; JSON and CSV get plain numbers.

None is a number that we may not know; it is shown as a dash.
"""

UNKNOWN = "-"
_UNITS = "KMGTPE"


def size(count: float | None) -> str:
    """Bytes in units of 1024, like ls -h and ps: 999, 1.2K, 34M."""
    if count is None:
        return UNKNOWN
    unit = ""
    value = float(count)
    for unit in ("", *_UNITS):
        if value < 999.5 or unit == _UNITS[-1]:
            break
        value /= 1024
    return f"{value:.1f}{unit}" if unit and value < 9.95 else f"{value:.0f}{unit}"


def cpu(nanoseconds: int | None) -> str:
    """CPU time, short: 0.03s, 12.3s, 3m12s, 4h07m."""
    if nanoseconds is None:
        return UNKNOWN
    seconds = nanoseconds / 1e9
    if seconds < 10:
        return f"{seconds:.2f}s"
    if seconds < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"


def decimal(value: float | None, digits: int = 1) -> str:
    return UNKNOWN if value is None else f"{value:.{digits}f}"


def whole(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)


def millis(seconds: float | None) -> str:
    if seconds is None:
        return UNKNOWN
    return f"{seconds * 1000:.{2 if seconds < 0.01 else 0}f}ms"


def rounded(value: float | None, digits: int = 6) -> float | None:
    """For JSON: no more digits than were measured."""
    return None if value is None else round(value, digits)


def total(numbers: list[int | None]) -> int | None:
    """The sum, or None if one of them is not known."""
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None
