"""A part of the log, by time, offset and sender; as text, JSON lines or CSV."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from papayactl.cli import output
from papayactl.state import records
from papayactl.state.records import Placed
from papayad.formats import record

FORMATS = ("text", "jsonl", "csv")
_KEYS = ("offset", "time", "sender", "id", "text")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Times are seconds since the epoch, offsets those of the log; None is no bound. `users` are
    patterns."""

    since: float | None = None
    until: float | None = None
    start: int | None = None
    stop: int | None = None
    users: tuple[str, ...] = ()

    def span(self, state_dir: Path, end: int) -> tuple[int, int]:
        """The two offsets between which its records are."""
        start = records.oldest(state_dir)
        if self.start is not None:
            start = max(start, records.boundary(state_dir, self.start, end))
        if self.since is not None:
            start = max(start, records.since(state_dir, self.since, end))
        stop = end if self.stop is None else min(end, self.stop)
        return start, max(start, stop)

    def read(self, state_dir: Path, start: int, stop: int) -> Iterator[Placed]:
        """Its records between two offsets; what is not a record is left out."""
        since = record.stamp(self.since) if self.since is not None else ""
        until = record.stamp(self.until) if self.until is not None else "~"
        for placed in records.read(state_dir, start, stop):
            found = placed.record
            if found is None or not since <= found.stamp < until:
                continue
            if not self.users or any(_is_of(found.sender, user) for user in self.users):
                yield placed


def _is_of(sender: str, pattern: str) -> bool:
    """Whether the sender matches a pattern; "*" alone means the server itself."""
    if pattern == record.SERVER:
        return sender == record.SERVER
    return sender != record.SERVER and fnmatchcase(sender, pattern)


def renderer(form: str) -> Callable[[Placed], str]:
    """The function that turns a record into a line with its LF."""
    return {"text": _text, "jsonl": _jsonl, "csv": _csv}[form]


def heading(form: str) -> str:
    return ",".join(_KEYS) + "\n" if form == "csv" else ""


def _text(placed: Placed) -> str:
    return placed.line.decode("utf-8", "replace")


def _values(placed: Placed) -> dict[str, str | int]:
    found = placed.record
    assert found
    words = (placed.offset, found.stamp, found.sender, found.id, found.text)
    return dict(zip(_KEYS, words, strict=True))


def _jsonl(placed: Placed) -> str:
    return output.as_json(_values(placed)) + "\n"


def _csv(placed: Placed) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(_values(placed).values())
    return line.getvalue()
