"""What is printed: the log's lines on stdout, and a line about something on stderr.

It does not rely on what the server removes: everything from outside is made harmless here.
"""

import json
import sys

from papayachat.stream import when
from papayachat.stream.splitter import Line
from papayad.formats import redaction
from papayad.formats.harmless import harmless
from papayad.formats.record import LINE_BREAK, SERVER, Record

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


def put(lines: list[str]) -> None:
    """Print on stdout, at once; raises BrokenPipeError when nobody reads it any more."""
    if lines:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def tell(text: str) -> None:
    """Say something about the connection or a message, on stderr, in one line."""
    print(f"papayachat: {harmless(text)}", file=sys.stderr, flush=True)


def _happened(text: str) -> str:
    if told := redaction.parse(text):
        return told.sentence()
    verb, _, who = text.partition(" ")
    return {"join": f"{who} joined", "part": f"{who} left"}.get(verb, text)
