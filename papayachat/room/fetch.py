"""Fetching: what came before the local copy, over a short connection of its own."""

from papayachat.disk.profile import Profile
from papayachat.room.attempt import connect
from papayachat.room.connection import Connection
from papayachat.room.wait import wait_readable
from papayachat.stream.cursor import Cursor
from papayachat.stream.splitter import Line
from papayad.errors import UNAVAILABLE, Fault
from papayad.formats.wire import Hello

LINES_AT_ONCE = 1000  # at a time
SILENT_FOR = 20.0


def fetch(profile: Profile, before: Cursor, known: int) -> tuple[Cursor, bytes]:
    """Some lines of the log that end at `before`, none where there are none; `known` is how many
    stand after it. It blocks, and raises a Fault.

    The protocol has no end to a stream: it is closed as soon as enough has come.
    """
    hello = Hello(profile.invite.token, last=known + LINES_AT_ONCE, presence=False)
    connection = connect(profile, hello)
    try:
        start = Cursor(connection.greeting.log, connection.greeting.offset)
        if start.log != before.log or start.offset >= before.offset:
            return before, b""
        return start, _read(profile, connection, before.offset)
    finally:
        connection.close()


def _read(profile: Profile, connection: Connection, end: int) -> bytes:
    data: list[bytes] = []
    while connection.offset < end:
        lines = [item for item in connection.read() if isinstance(item, Line)]
        data += [line.raw for line in lines if line.offset < end]
        if connection.offset < end and not lines and not wait_readable(connection, SILENT_FOR):
            raise Fault(profile.address, "it sends nothing more", code=UNAVAILABLE)
    return b"".join(data)
