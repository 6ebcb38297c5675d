"""What a person sees: text made safe to look at, on stdout, and a line about it on stderr.

The server removes what could drive a terminal before it writes a record. This does not rely on it:
a server may be somebody else's program, and a log may be older than its rule. What is removed there
is made visible here, because a message that tries is worth seeing.
"""

import json
import re
import sys
import time
from calendar import timegm

from papayachat.stream.splitter import Line
from papayad.formats.record import LINE_BREAK, SERVER, Record

# C0 but TAB, DEL, C1, the line and paragraph separators, what overrides or isolates the direction
# of text (UAX #9), and the interlinear annotations, which hide text from some terminals only.
_UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]")
_INDENT = "\n" + " " * 6  # below the text's first line, past "HH:MM "


def visible(text: str) -> str:
    """The text with every character that could drive a terminal replaced by a visible one."""
    return _UNSAFE.sub(_stand_in, text)


def plain(line: Line) -> str:
    """The log's line, safe to look at; U+2028 stays, so that it is one line and greps like one."""
    text = line.raw[:-1].decode("utf-8", "replace")
    return LINE_BREAK.join(visible(part) for part in text.split(LINE_BREAK))


def as_json(line: Line, record: Record) -> str:
    """An object in one line. Escaped to ASCII: exact for a program, harmless on a terminal."""
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
        return visible(line.raw[:-1].decode("utf-8", "replace"))
    text = _INDENT.join(visible(part) for part in record.text.split(LINE_BREAK))
    if record.sender == SERVER:
        return f"{_clock(record.stamp)} * {_happened(text)}"
    return f"{_clock(record.stamp)} <{record.sender}> {text}"


def put(lines: list[str]) -> None:
    """Print on stdout, at once; raises BrokenPipeError when nobody reads it any more."""
    if lines:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def tell(text: str) -> None:
    """Say something about the connection or a message, on stderr, in one line."""
    print(f"papayachat: {visible(text)}", file=sys.stderr, flush=True)


def _stand_in(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures: ESC is seen as one
    return "\u2421" if code == 0x7F else "\ufffd"


def _clock(stamp: str) -> str:
    try:
        seconds = timegm(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S"))
    except ValueError:  # a month 13 has the record's form
        return "--:--"
    return time.strftime("%H:%M", time.localtime(seconds))


def _happened(text: str) -> str:
    verb, _, who = text.partition(" ")
    return {"join": f"{who} joined", "part": f"{who} left"}.get(verb, text)
