"""Searching the replica: which records are wanted, and `papayachat log`, which prints them.

In the screen a line is looked at before it is parsed: of a hundred thousand few are wanted.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from papayachat.disk import replica
from papayachat.disk.profile import Profile
from papayachat.disk.replica import Replica
from papayachat.stream.splitter import Line
from papayachat.stream.terminal import as_json, plain, put
from papayad.formats.record import SERVER, Record

_PRINTED_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything that is not None has to hold; `since` is a record's timestamp."""

    pattern: re.Pattern[str] | None = None
    user: str | None = None
    since: str | None = None

    def has(self, record: Record) -> bool:
        return (
            (self.since is None or record.stamp >= self.since)
            and (self.user is None or record.sender == self.user)
            and (self.pattern is None or self.pattern.search(record.text) is not None)
        )

    @property
    def everything(self) -> bool:
        return self.pattern is None and self.user is None and self.since is None


def matching(pattern: re.Pattern[str]) -> Callable[[Line], bool]:
    """Whether a line is of somebody whose name, or in what they said something, matches."""

    def wanted(line: Line) -> bool:
        words = line.raw[:-1].split(b" ", 3)
        if len(words) < 4 or words[1] == SERVER.encode():
            return False
        if pattern.search(words[3].decode("utf-8", "replace")) is not None:
            return True
        return pattern.fullmatch(words[1].decode("utf-8", "replace")) is not None

    return wanted


def since(stamp: str) -> Callable[[Line], bool]:
    """Whether a line is of this time or later."""
    start = stamp.encode()
    return lambda line: line.raw >= start


def print_log(profile: Profile, wanted: Wanted, json: bool) -> None:
    copy = Replica(replica.directory(profile.name))
    found: list[str] = []
    try:
        for line in copy.lines():
            text = _printed(line, wanted, json)
            if text is not None:
                found.append(text)
            if len(found) >= _PRINTED_AT_ONCE:
                put(found)
                found = []
        put(found)
    finally:
        copy.close()


def _printed(line: Line, wanted: Wanted, json: bool) -> str | None:
    record = line.record()
    if record is None:
        return plain(line) if wanted.everything and not json else None
    if not wanted.has(record):
        return None
    at = Line(replica.offset(line.offset), line.raw)
    return as_json(at, record) if json else plain(line)
