"""Whether a run of the experiment counts: did the server do the same work as others? (A leaf.)

Socket buffers take in seconds of a load, so a server that reads nothing would look fast.
"""

from collections.abc import Mapping
from typing import Any

_LEAST = 0.97  # of what was sent has been read: the rest is under way when the clock stops
_SENT = 0.97  # of what should have been sent
_FULL = 95.0  # per cent of the core: a full core would be measured, not the server
_BUSY = 90.0  # per cent of the generator's core


def why_not(summary: Mapping[str, Any]) -> str:
    """Why a run does not count; empty if it does."""
    if summary["processes"] != summary["wanted"]:
        return f"{summary['processes']} of {summary['wanted']} processes"
    if summary["read"] is not None and summary["read"] < _LEAST:
        return f"read {100 * summary['read']:.0f} % of what was sent"
    if summary["written"] < _LEAST:
        return f"wrote {100 * summary['written']:.0f} % of what was sent"
    if summary["rate"] < _SENT:
        return f"was sent {100 * summary['rate']:.0f} % of the load"
    return ""


def flag(summary: Mapping[str, Any], cpu: float) -> str:
    """What a reader has to know about a run that counts; empty if there is nothing."""
    if cpu > _FULL:
        return "saturated"
    return "generator busy" if summary["generator"] > _BUSY else ""
