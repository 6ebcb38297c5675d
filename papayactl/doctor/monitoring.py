"""Findings as one line for Nagios, Icinga and their kind (Monitoring Plugins' guidelines).

    PAPAYA WARNING - room main: disk: 4 % free (and 1 more) | clients=12;;;0;1000 users=9 ...

The exit code is the worst finding's: 0 ok, 1 warning, 2 critical, 3 when that cannot be said.
"""

import time
from collections.abc import Sequence

from papayactl.doctor.finding import FAILURE, OK, WARNING, Finding
from papayactl.look import overview
from papayactl.look.overview import Overview
from papayad.errors import Fault
from papayad.settings import Settings

_STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_CODES = {OK: 0, WARNING: 1, FAILURE: 2}
_DAY = 86400.0


def summary(room: str, found: Sequence[Finding], figures: str) -> tuple[int, str]:
    """The exit code and the line; without a configuration there are findings and no figures."""
    worst = max(found, key=lambda one: _CODES[one.level], default=None)
    if worst is None:
        return 3, f"PAPAYA {_STATES[3]} - room {room}: nothing was looked at"
    code = _CODES[worst.level]
    words = "nothing is wrong"
    if code:
        bad = sum(one.level != OK for one in found) - 1
        words = f"{worst.what}: {worst.words}" + (f" (and {bad} more)" if bad else "")
    text = f"PAPAYA {_STATES[code]} - room {room}: {words}".replace("|", "/")
    return code, f"{text} | {figures}" if figures else text


def figures(settings: Settings) -> str:
    """LABEL=VALUE[UNIT];WARN;CRIT;MIN;MAX, for each figure that is known."""
    try:
        seen = overview.overview(settings)
    except Fault:
        return ""
    known = {
        "clients": f"{seen.clients};;;0;{seen.most}",
        "users": f"{len(seen.users)};;;0",
        "frozen": f"{seen.frozen};;;0",
        "log": f"{seen.log.bytes}B;;;0",
        "disk_free": f"{seen.log.free}B;;;0",
        "lag": _bytes(seen.used.room.lag),
        "memory": _bytes(seen.used.room.held.pss),
        "certificate_days": _days(seen),
    }
    return " ".join(f"{label}={value}" for label, value in known.items() if value)


def _bytes(count: int | None) -> str:
    return "" if count is None else f"{count}B;;;0"


def _days(seen: Overview) -> str:
    return "" if seen.expires is None else f"{(seen.expires - time.time()) / _DAY:.0f}"
