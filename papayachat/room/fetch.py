"""Fetching: what came before the local copy, over a short connection of its own."""

from papayachat.disk.profile import Profile
from papayachat.disk.replica import Replica
from papayachat.room.attempt import connect
from papayachat.room.connection import Connection
from papayachat.room.wait import wait_readable
from papayachat.stream.cursor import Cursor
from papayachat.stream.splitter import Line
from papayad.errors import UNAVAILABLE, Fault
from papayad.formats.wire import Hello

SILENT_FOR = 20.0  # seconds in which nothing comes, although more should come


def fetch(profile: Profile, copy: Replica, before: Cursor, lines: int) -> tuple[Cursor, bytes]:
    """That many lines of the log that end at `before`, or none. It blocks, and raises a Fault.

    A stream of the protocol has no end, so it is closed as soon as enough has come.
    """
    known = copy.count(copy.address(before))
    hello = Hello(profile.invite.token, last=known + lines, presence=False)
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
