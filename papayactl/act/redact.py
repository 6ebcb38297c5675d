"""Redacting: erase what somebody said, in the log and, by a record, in every copy of it.

The text is erased and its length stays, so that no offset and no cursor changes (design section 4).
Backups, terminals and what bots have made of it cannot be reached.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from papayactl.act.writer import writing
from papayactl.state import records
from papayactl.state.excerpts import Excerpt
from papayactl.state.records import Placed
from papayad.errors import FAILED, USAGE, Fault
from papayad.formats import record, redaction
from papayad.formats.redaction import Redaction
from papayad.log import segments
from papayad.log.appender import Appender
from papayad.settings import Settings

_AT_ONCE = 1000  # records that are redacted while we hold the lock


@dataclass(frozen=True, slots=True)
class Plan:
    """The records that will lose their texts, in the order of the log."""

    found: list[Placed]

    def as_dict(self, done: bool) -> dict[str, Any]:
        return {
            "redacted": len(self.found) if done else 0,
            "records": [
                {"offset": one.offset, "time": said.stamp, "sender": said.sender, "id": said.id}
                for one in self.found
                if (said := one.record)
            ],
        }

    def sentence(self, done: bool) -> str:
        if not self.found:
            return "nothing to redact"
        count = f"{len(self.found)} record{'s' if len(self.found) > 1 else ''}"
        first, last = self.found[0], self.found[-1]
        where = f"from offset {first.offset} to {last.offset + len(last.line)}"
        return f"{count} {where} {'redacted' if done else 'would be redacted'}"


def plan(settings: Settings, targets: Sequence[str], excerpt: Excerpt) -> Plan:
    """The records that are meant: by offsets and IDs, or all of a user. A Fault (2).

    A record that is redacted already is meant only by its offset or ID: then its copies are told
    once more.
    """
    end = records.reachable(settings.state_dir, records.end(settings))
    if targets:
        found = [_by_target(settings, target, excerpt, end) for target in targets]
        return Plan(sorted(found, key=lambda one: one.offset))
    if not excerpt.users:
        raise Fault("log redact", "nothing is named", "name an offset, an ID or --user", code=USAGE)
    read = excerpt.read(settings.state_dir, *excerpt.span(settings.state_dir, end))
    return Plan([one for one in read if not redaction.is_redacted(one.line)])


def carry_out(settings: Settings, chosen: Plan) -> None:
    """Tell the copies, and redact, some records in each transaction. A Fault."""
    with writing(settings) as appender:
        for sender, found in _by_sender(chosen.found).items():
            rest = iter(found)
            while some := list(islice(rest, _AT_ONCE)):
                with appender.transaction():
                    _redact(settings, appender, sender, some)


def _redact(settings: Settings, appender: Appender, sender: str, found: list[Placed]) -> None:
    """In a transaction. The record about it comes first: who read old bytes reads that later."""
    last = found[-1]
    told = Redaction(sender, found[0].offset, last.offset + len(last.line))
    appender.write([(record.SERVER, record.NO_ID, told.text())])
    try:
        for base, within in _by_segment(settings, found):
            _overwrite(segments.path(settings.state_dir, base), base, within)
    except OSError as error:
        why = f"some of it is there still: {error.strerror}"
        raise Fault("log redact", why, "say it again", code=FAILED) from error


def _overwrite(path: str, base: int, found: Iterable[Placed]) -> None:
    """Overwrite a line, if it is still the same: the segment may be another file by now."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        for one in found:
            place = one.offset - base
            if os.pread(descriptor, len(one.line), place) == one.line:
                os.pwrite(descriptor, redaction.redact(one.line), place)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _by_segment(settings: Settings, found: list[Placed]) -> Iterator[tuple[int, list[Placed]]]:
    """The lines by segment, without those that were pruned meanwhile."""
    parts: dict[int, list[Placed]] = {}
    for one in found:
        base = segments.holding(settings.state_dir, one.offset)
        if base is not None:
            parts.setdefault(base, []).append(one)
    yield from parts.items()


def _by_sender(found: Iterable[Placed]) -> dict[str, list[Placed]]:
    parts: dict[str, list[Placed]] = {}
    for one in found:
        if one.record:
            parts.setdefault(one.record.sender, []).append(one)
    return parts


def _by_target(settings: Settings, target: str, excerpt: Excerpt, end: int) -> Placed:
    """The one record that an offset or an ID means. A Fault (2)."""
    if target.isascii() and target.isdigit():
        return _at(settings, int(target), end)
    read = excerpt.read(settings.state_dir, *excerpt.span(settings.state_dir, end))
    found = [one for one in read if one.record and one.record.id == target]
    if len(found) == 1:
        return found[0]
    where = " ".join(str(one.offset) for one in found[:5])
    why = f"{len(found)} records have this ID, at {where}" if found else "no record has this ID"
    raise Fault(f'"{target}"', why, "name its offset: papayactl log cat --format csv", code=USAGE)


def _at(settings: Settings, offset: int, end: int) -> Placed:
    start = records.boundary(settings.state_dir, offset, end)
    found = next(records.read(settings.state_dir, start, end), None) if start == offset else None
    if found is None or found.record is None:
        remedy = "name one of papayactl log cat --format csv"
        raise Fault(str(offset), "no record begins at this offset", remedy, code=USAGE)
    return found
