"""papayaChat's original clients: 128 bytes of token, then raw lines both ways (design section 3).

A leaf. Their client puts its user's name in front of each line; it is taken off, since the token
alone names the user.
"""

import re
from errno import EIO

from papayad.formats import record
from papayad.formats.record import NO_ID
from papayad.formats.wire import Message

TOKEN_LENGTH = 128
FIRST_BYTES = b"0123456789abcdef"

_OWN_NAME = re.compile(rb"\A[^:]*: ")


def parse_upstream(line: bytes) -> Message:
    """The message in a line without its LF; it has no ID to look for."""
    return Message(NO_ID, _OWN_NAME.sub(b"", line, count=1))


def render_record(line: bytes) -> bytes:
    """The log's line as `name: text`, with its LF."""
    parsed = record.parse(line)
    if parsed is None:
        raise OSError(EIO, "the log has a line that is no record")
    return f"{parsed.sender}: {parsed.text}\n".encode()
