"""Searching the replica, and `papayachat log`, which prints what is found."""

import re
from dataclasses import dataclass
from functools import cached_property

from papayachat.disk import replica
from papayachat.disk.profile import Profile
from papayachat.disk.replica import Replica
from papayachat.stream.splitter import Line
from papayachat.stream.terminal import Printer, put
from papayad.errors import Fault
from papayad.formats.record import SERVER, Record

_PRINTED_AT_ONCE = 512
_MOST_SPANS = 20  # places in one text that are reported


@dataclass(frozen=True)
class Query:
    """What a person typed to find messages: words, which all have to be there in upper or lower
    case, or an expression between slashes. `ignored` are names whose messages do not count."""

    text: str
    words: tuple[str, ...] = ()
    expression: str = ""
    ignored: frozenset[str] = frozenset()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """A pattern for any of the words, or the expression. Only words are certainly fast."""
        words = sorted(self.words, key=len, reverse=True)
        text = self.expression or "|".join(re.escape(word) for word in words)
        return re.compile(text, re.IGNORECASE)

    def spans(self, text: str) -> list[tuple[int, int]]:
        found = (match.span() for match in self.pattern.finditer(text) if match[0])
        return [span for span, _ in zip(found, range(_MOST_SPANS), strict=False)]

    def matches(self, raw: bytes) -> list[tuple[int, int]] | None:
        """The places in a line's text that match; None if the line does not match.

        A single word also matches the sender's name.
        """
        parts = raw.removesuffix(b"\n").split(b" ", 3)
        if len(parts) < 4 or parts[1] == SERVER.encode():
            return None
        sender, text = parts[1].decode("utf-8", "replace"), parts[3].decode("utf-8", "replace")
        if sender in self.ignored:
            return None
        if self.expression:
            return self.spans(text) if self.pattern.search(text) else None
        folded = text.lower()
        if all(word in folded for word in self.words):
            return self.spans(text)
        return [] if self.words == (sender,) else None


def parse(text: str, ignored: frozenset[str] = frozenset()) -> Query:
    """Words, or "/EXPRESSION/"; a Fault if the expression is wrong, or if there is nothing."""
    text = text.strip()
    if len(text) > 2 and text.startswith("/") and text.endswith("/"):
        try:
            re.compile(text[1:-1], re.IGNORECASE)
        except re.error as error:
            raise Fault(text, f"no regular expression: {error}") from error
        return Query(text, expression=text[1:-1], ignored=ignored)
    words = tuple(text.lower().split())
    if not words:
        raise Fault("search", "there is nothing to look for")
    return Query(text, words, ignored=ignored)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything that is not None has to be true; `since` is a record's timestamp."""

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


def print_log(profile: Profile, wanted: Wanted, json: bool) -> None:
    copy = Replica(replica.directory(profile.name))
    printer = Printer(json)
    found: list[str] = []
    try:
        for line in copy.lines():
            text = _printed(line, wanted, printer)
            if text is not None:
                found.append(text)
            if len(found) >= _PRINTED_AT_ONCE:
                put(found)
                found = []
        put(found)
    finally:
        copy.close()


def _printed(line: Line, wanted: Wanted, printer: Printer) -> str | None:
    record = line.record()
    if not (wanted.everything if record is None else wanted.has(record)):
        return None
    return printer.text(Line(replica.offset(line.offset), line.raw))
