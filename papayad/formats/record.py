"""The record: one line, the same in the file, on the wire and in `tail -f` (design section 4).

A leaf: papayad's RECV writes records, papayactl and papayachat read them. Nothing here touches a
file or a socket.
"""

import re
import time
from calendar import timegm
from dataclasses import dataclass

SERVER = "*"  # the sender of the server's own records, and their ID is "-"
NO_ID = "-"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}\Z")  # users and rooms
ID = re.compile(r"[A-Za-z0-9_-]{1,16}\Z")  # "-" is one, too: of messages that nobody looks for
LONGEST = 1 << 21  # bytes of a line; limits.message_bytes can be at most half of that
LINE_BREAK = "\u2028"  # a line break inside a message, in the file and on the wire

_STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
_RECORD = re.compile(
    rf"({_STAMP}) (\*|[a-z0-9][a-z0-9._-]{{0,31}}) ([A-Za-z0-9_-]{{1,16}}) ([^\0\n]+)\Z",
    re.ASCII,
)

# C0 but TAB, DEL, C1, and the characters that override or isolate the direction of text (UAX #9).
_UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Record:
    """A parsed line. `stamp` is RFC 3339, UTC, microseconds; `text` is never empty."""

    stamp: str
    sender: str
    id: str
    text: str


def clean(text: str) -> str:
    """The text without characters that could control a terminal; it may become empty."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub("", text)


def stamp(seconds: float) -> str:
    """Seconds since the epoch as the record's timestamp, 27 characters."""
    whole = int(seconds)
    clock = time.gmtime(whole)
    micros = int((seconds - whole) * 1_000_000)
    return (
        f"{clock.tm_year:04d}-{clock.tm_mon:02d}-{clock.tm_mday:02d}T"
        f"{clock.tm_hour:02d}:{clock.tm_min:02d}:{clock.tm_sec:02d}.{micros:06d}Z"
    )


def seconds(stamp: str) -> int:
    """A record's timestamp in whole seconds since the epoch."""
    parts = (stamp[:4], stamp[5:7], stamp[8:10], stamp[11:13], stamp[14:16], stamp[17:19])
    return timegm(tuple(map(int, parts)))


def render(when: str, sender: str, id: str, text: str) -> bytes:
    """The line of a record, with its LF; `text` must be clean and not empty."""
    return f"{when} {sender} {id} {text}\n".encode()


def parse(line: bytes) -> Record | None:
    """The record in a line without its LF, or None when the line is not one.

    A power cut leaves zeros in place of a record, so a text with a zero is no record. A text may
    have characters that `clean` removes: a log that was written by other rules is a log, too.
    """
    try:
        match = _RECORD.match(line.decode())
    except UnicodeDecodeError:
        return None
    return None if match is None else Record(*match.groups())
