"""Pruning by hand: with the same rules as at a rotation, and a list of clients still below."""

import os
import time
from dataclasses import dataclass, replace
from typing import Any

from papayactl.act.writer import writing
from papayactl.cli import figures
from papayactl.look import clients, living
from papayactl.system import descriptors
from papayad.errors import USAGE, Fault
from papayad.log import retention, segments
from papayad.settings import Chatlog, Settings
from papayad.state.roster import Entry


@dataclass(frozen=True, slots=True)
class Plan:
    """`bases` go, with `bytes` in them; then the log begins at `oldest`; `below` need some yet."""

    bases: list[int]
    bytes: int
    oldest: int
    below: list[Entry]

    def as_dict(self, done: bool) -> dict[str, Any]:
        """The JSON; `done`: the plan was carried out."""
        names = [segments.name(base) for base in self.bases]
        return {
            "removed": names if done else [],
            "segments": names,
            "bytes": self.bytes,
            "oldest": self.oldest,
            "below": [living.label(entry) for entry in self.below],
        }

    def sentences(self, done: bool) -> list[str]:
        if not self.bases:
            return ["nothing to remove"]
        below = [f"{living.label(entry)} has not got all of that yet" for entry in self.below]
        what = "removed" if done else "would go"
        lines = [f"{segments.name(base)} {what}" for base in self.bases]
        lines.append(f"{figures.size(self.bytes)} {what}; the log begins at {self.oldest}")
        return lines if done else below + lines


def rules(chatlog: Chatlog, keep_bytes: int | None, keep_days: int | None) -> Chatlog:
    """What stays: as the options say, else as the configuration does. A Fault (2)."""
    if keep_bytes is None and keep_days is None:
        if not chatlog.retain_bytes and not chatlog.retain_days:
            why = "nothing says how much is to stay"
            raise Fault("log prune", why, "add --keep-bytes or --keep-days", code=USAGE)
        return chatlog
    if keep_bytes == 0 and keep_days is None:
        keep_bytes = 1  # 0 would mean no limit; here only the present segment has to stay
    return replace(chatlog, retain_bytes=keep_bytes or 0, retain_days=keep_days or 0)


def plan(settings: Settings, chatlog: Chatlog) -> Plan:
    state_dir = settings.state_dir
    bases = retention.excess(state_dir, chatlog, time.time(), last_too=True)
    size = sum(os.stat(segments.path(state_dir, base)).st_size for base in bases)
    left = [base for base in segments.bases(state_dir) if base not in bases]
    oldest = left[0] if left else 0
    below = [
        entry for entry in living.living(settings) if bases and _is_below(settings, entry, oldest)
    ]
    return Plan(bases, size, oldest, below)


def carry_out(settings: Settings, chatlog: Chatlog) -> Plan:
    """Remove them while we hold the log's lock, so that nobody rotates meanwhile.

    If all of the present segment is too old, it is sealed first.
    """
    with writing(settings, chatlog) as appender, appender.transaction():
        decided = plan(settings, chatlog)
        if decided.bases and decided.bases[-1] == segments.bases(settings.state_dir)[-1]:
            appender.rotate()
        retention.prune(settings.state_dir, chatlog, time.time())
    return decided


def rotate(settings: Settings) -> str:
    """Seal the present segment; return the path of the new one."""
    with writing(settings) as appender, appender.transaction():
        appender.rotate()
    return segments.path(settings.state_dir, segments.bases(settings.state_dir)[-1])


def _is_below(settings: Settings, entry: Entry, oldest: int) -> bool:
    files = descriptors.read(entry.send)
    at = clients.position(settings.state_dir, files, entry.send) if files else None
    return at is not None and at < oldest
