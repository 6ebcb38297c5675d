"""A draft: a message to send, with the ID by which it is found again in the log."""

import secrets
from dataclasses import dataclass

from papayad.errors import Fault
from papayad.formats import record
from papayad.formats.record import LINE_BREAK

LONGEST_LINE = 8192  # bytes of a line of the protocol, until the server says its limit
_AROUND = len("MSG ") + 16 + len(" ") + len("\n")


@dataclass(frozen=True, slots=True)
class Draft:
    """`id` is 16 characters, 96 random bits (design section 3); `text` is one line."""

    id: str
    text: str


def write(text: str) -> Draft:
    """The draft of a text of one or more lines; a Fault if nothing of it can be sent."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    line = LINE_BREAK.join(record.clean(part) for part in lines)
    try:
        line.encode()
    except UnicodeEncodeError:  # an argument that was not UTF-8
        raise not_utf8() from None
    if not line.strip():  # U+2028 also counts as white space
        raise Fault("message", "there is nothing in it")
    return Draft(secrets.token_urlsafe(12), line)


def write_all(text: str, longest: int = LONGEST_LINE) -> list[Draft]:
    """The drafts of a text, each at most `longest` bytes in the protocol: several whole lines in
    one, and a line in pieces if it alone is too long."""
    whole = write(text)
    room = max(longest - _AROUND, 64)
    if len(whole.text.encode()) <= room:
        return [whole]
    parts: list[str] = []
    for line in whole.text.split(LINE_BREAK):
        for piece in _pieces(line, room):
            joined = f"{parts[-1]}{LINE_BREAK}{piece}" if parts else ""
            if parts and len(joined.encode()) <= room:
                parts[-1] = joined
            else:
                parts.append(piece)
    return [write(part.replace(LINE_BREAK, "\n")) for part in parts if part.strip()]


def decode(text: bytes) -> str:
    """Text from a file or a pipe; a Fault if it is not UTF-8, since the server would refuse it."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise not_utf8() from None


def not_utf8() -> Fault:
    return Fault("message", "not UTF-8")


def _pieces(line: str, room: int) -> list[str]:
    """A line cut into pieces of at most `room` bytes, after a space if there is one near."""
    pieces: list[str] = []
    while len(line.encode()) > room:
        piece = line.encode()[:room].decode(errors="ignore")
        space = piece.rfind(" ") + 1
        piece = piece[:space] if space > len(piece) // 2 else piece
        pieces.append(piece)
        line = line[len(piece) :]
    return [*pieces, line]
