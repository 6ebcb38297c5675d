"""A draft: a message that is to be sent, under the ID by which it is found again in the log."""

import secrets
from dataclasses import dataclass

from papayad.errors import Fault
from papayad.formats import record
from papayad.formats.record import LINE_BREAK


@dataclass(frozen=True, slots=True)
class Draft:
    """`id` is 16 characters, 96 random bits (design section 3); `text` is one line."""

    id: str
    text: str


def write(text: str) -> Draft:
    """The draft of a text of one or several lines; a Fault where nothing of it can be sent."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    line = LINE_BREAK.join(record.clean(part) for part in lines)
    try:
        line.encode()
    except UnicodeEncodeError:  # an argument that was not UTF-8
        raise not_utf8() from None
    if not line.strip():  # U+2028 is white space, too
        raise Fault("message", "there is nothing in it")
    return Draft(secrets.token_urlsafe(12), line)


def decode(text: bytes) -> str:
    """Text from a file or a pipe; a Fault when it is not UTF-8, as the server would say."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise not_utf8() from None


def not_utf8() -> Fault:
    return Fault("message", "not UTF-8")
