"""Tailing: the log from a place on, to its end or for ever, each record once."""

import sys

from papayachat.disk.profile import Profile, new_session
from papayachat.room.attempt import connect
from papayachat.room.connection import Connection
from papayachat.room.events import Event, Lost, words
from papayachat.room.room import SILENT_FOR, Room, Start
from papayachat.room.wait import wait, wait_readable
from papayachat.stream.cursor import Cursor
from papayachat.stream.splitter import Line
from papayachat.stream.terminal import Printer, put, tell
from papayad.formats.wire import Hello, Notice

FEWEST_LINES = 100  # lines that we first ask the server for to find a time


class Tail:
    def __init__(
        self, profile: Profile, start: Start, follow: bool, json: bool, since: str = ""
    ) -> None:
        """`since`: the timestamp before which nothing is printed."""
        self._room = Room(profile, new_session(), start)
        self._follow = follow
        self._printer = Printer(json)
        self._since = since.encode()

    def run(self) -> None:
        try:
            while True:
                put(self._printed(self._room.step()))
                if self._room.caught_up and not self._follow:
                    return
                wait(self._room, output=sys.stdout.fileno())
        finally:
            self._room.close()

    def _printed(self, events: list[Event]) -> list[str]:
        return [text for event in events if (text := self._text(event)) is not None]

    def _text(self, event: Event) -> str | None:
        match event:
            case Line():
                return self._line(event)
            case Lost(fault, seconds):
                tell(f"{fault}: reconnecting in {seconds:.1f} s")
            case Notice("gap" | "bye"):
                tell(words(event))
        return None

    def _line(self, line: Line) -> str | None:
        if not self._follow and self._room.end is not None and line.offset >= self._room.end:
            return None  # it was said after we had asked
        if line.raw < self._since:
            return None
        self._since = b""  # what comes later in the log counts as later, whatever the clock did
        return self._printer.text(line)


def cursor_at(profile: Profile, offset: int) -> Cursor:
    """A cursor at this offset of the present log, whose identity a short connection shows."""
    connection = connect(profile, Hello(profile.invite.token, last=0, presence=False))
    connection.close()
    return Cursor(connection.greeting.log, offset)


def cursor_since(profile: Profile, stamp: str) -> Cursor:
    """A place in the log at or before the first record of a time.

    The server knows lines, not times: we ask it for more and more of the last lines, and look at
    the first of them.
    """
    lines, before = FEWEST_LINES, -1
    while True:
        connection = connect(profile, Hello(profile.invite.token, last=lines, presence=False))
        try:
            start = Cursor(connection.greeting.log, connection.greeting.offset)
            if start.offset in (0, before) or _first(connection).raw < stamp.encode():
                return start
        finally:
            connection.close()
        lines, before = lines * 10, start.offset


def _first(connection: Connection) -> Line:
    """The first line that comes; if none comes, an early one: there is nothing to find."""
    while connection.offset < connection.greeting.end:
        lines = [item for item in connection.read() if isinstance(item, Line)]
        if lines:
            return lines[0]
        wait_readable(connection, SILENT_FOR)
    return Line(connection.offset, b"")
