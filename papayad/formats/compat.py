"""papayaChat's original clients: 128 bytes of token, then raw lines both ways (design section 3).

A leaf. Their client puts its user's name in front of each line; it is taken off, since the token
alone names the user. It shows what one read(2) brought up to the first NUL, and what was in its
memory before if there is none; so what is sent to it ends with one. Others, `nc` above all, want
lines as such. Nothing but what a client sends tells which it is.
"""

import re
from collections.abc import Iterable, Iterator
from errno import EIO

from papayad.formats import record
from papayad.formats.record import LINE_BREAK, NO_ID
from papayad.formats.wire import Message

TOKEN_LENGTH = 128
FIRST_BYTES = b"0123456789abcdef"
HISTORY_LINES = 7  # of their window half is for what was said; more would hide the newest
READ_BYTES = 4096  # of their client, with the NUL

# What RECV tells SEND of a client, in the form of a notice.
ORIGINAL, PLAIN = b"! client original\n", b"! client plain\n"
# What ends what is sent to each kind; the first is for who has said nothing yet.
UNKNOWN_END, ORIGINAL_END, PLAIN_END = b"\n\0", b"\0", b"\n"

_OWN_NAME = re.compile(rb"\A[^:\s]*: ")


def parse_upstream(line: bytes) -> Message:
    """The message in a line without its LF; it has no ID to look for.

    Nobody there would see an error, so what is not UTF-8 is replaced.
    """
    text = _OWN_NAME.sub(b"", line, count=1)
    return Message(NO_ID, text.decode("utf-8", "replace").encode())


def kind_of(line: bytes) -> bytes:
    """Which client writes such a line: ORIGINAL or PLAIN."""
    return ORIGINAL if _OWN_NAME.match(line) else PLAIN


def render_record(line: bytes) -> bytes:
    """The log's line as `name: text`, with its LF; a line break in the text is one, indented."""
    parsed = record.parse(line)
    if parsed is None:
        raise OSError(EIO, "the log has a line that is no record")
    text = parsed.text.replace(LINE_BREAK, "\n" + " " * (len(parsed.sender) + 2))
    return f"{parsed.sender}: {text}\n".encode()


def pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """What is shown at once: rendered lines together, without the last LF, each piece short enough
    for one read of the original client."""
    piece = b""
    for line in lines:
        if piece and len(piece) + len(line) >= READ_BYTES:
            yield piece[:-1]
            piece = b""
        piece += line
        while len(piece) >= READ_BYTES:
            cut = piece[: READ_BYTES - 4].decode("utf-8", "ignore").encode()
            yield cut
            piece = piece[len(cut) :]
    if piece:
        yield piece[:-1]
