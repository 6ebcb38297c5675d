"""What is printed: the log's lines on stdout, and a line about something on stderr.

It does not rely on what the server removes: everything from outside is made harmless here.
"""

import json
import sys
from contextlib import suppress

from papayachat.stream import when
from papayachat.stream.splitter import Line
from papayad.errors import Fault, reason
from papayad.formats import redaction
from papayad.formats.harmless import harmless
from papayad.formats.record import LINE_BREAK, SERVER, Record

_BRIEF = 72  # characters
_INDENT = "\n" + " " * 6  # below the text's first line, past "HH:MM "


def plain(line: Line) -> str:
    """The log's line, harmless; U+2028 stays, so that it is one line for grep, too."""
    text = line.raw[:-1].decode("utf-8", "replace")
    return LINE_BREAK.join(harmless(part) for part in text.split(LINE_BREAK))


def as_json(line: Line, record: Record) -> str:
    """A JSON object on one line. In ASCII: exact for a program, harmless on a terminal."""
    fields = {
        "offset": line.offset,
        "time": record.stamp,
        "sender": record.sender,
        "id": record.id,
        "text": record.text,
    }
    return json.dumps(fields).replace("\x7f", "\\u007f")


def spoken(line: Line) -> str:
    """The line for a person: local time, who, what; the server's own records stand apart."""
    record = line.record()
    if record is None:
        return harmless(line.raw[:-1].decode("utf-8", "replace"))
    text = _INDENT.join(harmless(part) for part in record.text.split(LINE_BREAK))
    if record.sender == SERVER:
        return f"{when.clock(record.stamp)} * {_happened(text)}"
    return f"{when.clock(record.stamp)} <{record.sender}> {text}"


class Printer:
    """Turns each line into what stdout gets: JSON; or, on a terminal, the message under its day;
    or, in a pipe, the line of the log."""

    def __init__(self, json: bool) -> None:
        self._json = json
        self._for_people = not json and sys.stdout.isatty()
        self._day = ""

    def text(self, line: Line) -> str | None:
        """The text; with JSON, None for a line that is no record: stderr says so."""
        record = line.record()
        if self._json:
            if record is None:
                tell(f"no record at offset {line.offset}: {plain(line)}")
                return None
            return as_json(line, record)
        if not self._for_people:
            return plain(line)
        day = when.day(record.stamp) if record is not None else self._day
        heading = f"{day}\n" if day != self._day else ""
        self._day = day
        return heading + spoken(line)


def put(lines: list[str]) -> None:
    """Print on stdout, at once. Raises BrokenPipeError if nobody reads it any more, and a Fault if
    it cannot be written."""
    if not lines:
        return
    try:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Fault("stdout", reason(error)) from error


def tell(text: str) -> None:
    """Say something about the connection or a message, on stderr, in one line."""
    with suppress(OSError):  # we can tell nobody else
        print(f"papayachat: {harmless(text)}", file=sys.stderr, flush=True)


def brief(text: str) -> str:
    """The beginning of a message, and its length if that is not all of it."""
    if len(text) <= _BRIEF:
        return text
    return f"{text[:_BRIEF]}\u2026 ({len(text.encode('utf-8', 'replace'))} bytes)"


def _happened(text: str) -> str:
    if told := redaction.parse(text):
        return told.sentence()
    verb, _, who = text.partition(" ")
    return {"join": f"{who} joined", "part": f"{who} left"}.get(verb, text)
