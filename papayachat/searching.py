"""Searching the replica: which records are wanted, and `papayachat log`, which prints them."""

import re
from dataclasses import dataclass

from papayachat import replica
from papayachat.profile import Profile
from papayachat.replica import Replica
from papayachat.splitter import Line
from papayachat.terminal import as_json, plain, put
from papayad.record import Record

_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything that is not None has to hold; `since` is a record's timestamp."""

    pattern: re.Pattern[str] | None = None
    user: str | None = None
    since: str | None = None

    def takes(self, record: Record) -> bool:
        return (
            (self.since is None or record.stamp >= self.since)
            and (self.user is None or record.sender == self.user)
            and (self.pattern is None or self.pattern.search(record.text) is not None)
        )

    @property
    def everything(self) -> bool:
        return self.pattern is None and self.user is None and self.since is None


def print_log(profile: Profile, wanted: Wanted, json: bool) -> None:
    copy = Replica(replica.directory(profile.name))
    found: list[str] = []
    try:
        for line in copy.lines():
            text = _printed(line, wanted, json)
            if text is not None:
                found.append(text)
            if len(found) >= _AT_ONCE:
                put(found)
                found = []
        put(found)
    finally:
        copy.close()


def _printed(line: Line, wanted: Wanted, json: bool) -> str | None:
    record = line.record()
    if record is None:
        return plain(line) if wanted.everything and not json else None
    if not wanted.takes(record):
        return None
    at = Line(replica.offset(line.offset), line.raw)
    return as_json(at, record) if json else plain(line)
