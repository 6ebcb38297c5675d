"""How fast something is used: what was added each second between two looks; and a row of both.

Apart from `usage`, which looks once: most commands never look again.
"""

import time
from typing import Any

from papayactl.cli.figures import rounded
from papayactl.look.usage import ROOM, Ledger, Use
from papayactl.state import records
from papayad.settings import Settings
from papayad.state.tokens import format_time

RATES = {
    "cpu": "cpu_percent",
    "voluntary": "voluntary_switches_per_second",
    "involuntary": "involuntary_switches_per_second",
    "bytes_in": "bytes_in_per_second",
    "bytes_out": "bytes_out_per_second",
    "messages": "messages_per_second",
}


def between(
    before: Ledger, after: Ledger, settings: Settings
) -> list[tuple[Use, dict[str, float | None]]]:
    """Each use of the later look, with what was added each second since the earlier one.

    The room's messages are counted from where the log ended then: its total may be unknown.
    """
    earlier = {_identity(use): use for use in before.uses}
    said = 0
    if before.end is not None and after.end is not None:
        start = max(before.end, records.oldest(settings.state_dir))
        said = records.of_people(records.counts(settings.state_dir, start, after.end))
    return [(use, _rate(earlier.get(_identity(use)), use, said)) for use in after.uses]


def as_dict(use: Use, rate: dict[str, float | None] | None) -> dict[str, Any]:
    """One flat row: the same keys in JSON, JSON lines and CSV."""
    entry, sums = use.entry, use.sums
    row: dict[str, Any] = {
        "time": format_time(time.time() - (time.monotonic() - use.at)),
        "kind": use.kind,
        "user": entry.user if entry else None,
        "peer": entry.peer if entry else None,
        "recv": entry.recv or None if entry else None,
        "send": entry.send or None if entry else None,
        "age": rounded(use.age, 3),
        "cpu_seconds": _seconds(sums.cpu),
        "user_seconds": _seconds(sums.user),
        "system_seconds": _seconds(sums.system),
        "voluntary_switches": sums.voluntary,
        "involuntary_switches": sums.involuntary,
        "rss": use.held.rss,
        "pss": use.held.pss,
        "uss": use.held.uss,
        "bytes_in": sums.bytes_in,
        "bytes_out": sums.bytes_out,
        "messages": sums.messages,
        "lag": use.lag,
    }
    for key, name in RATES.items():
        row[name] = None if rate is None else rounded(rate[key], 3)
    return row


def _identity(use: Use) -> tuple[str, str]:
    return use.kind, use.entry.name if use.entry else use.name


def _rate(before: Use | None, after: Use, said: int) -> dict[str, float | None]:
    if before is None or after.at <= before.at:
        return dict.fromkeys(RATES)
    seconds = after.at - before.at
    found: dict[str, float | None] = {}
    for key in RATES:
        old, new = getattr(before.sums, key), getattr(after.sums, key)
        found[key] = None if old is None or new is None else max(0, new - old) / seconds
    if found["cpu"] is not None:
        found["cpu"] /= 1e7
    if after.kind == ROOM:
        found["messages"] = said / seconds
    return found


def _seconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e9
