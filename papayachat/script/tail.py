"""Tailing: the log from a place on, to its end or for ever, each record once."""

import sys

from papayachat.disk.profile import Profile, new_session
from papayachat.room.attempt import connect
from papayachat.room.events import Event, Lost, words
from papayachat.room.room import Room, Start
from papayachat.room.wait import wait
from papayachat.stream.cursor import Cursor
from papayachat.stream.splitter import Line
from papayachat.stream.terminal import as_json, plain, put, tell
from papayad.formats.wire import Hello, Notice


class Tail:
    def __init__(self, profile: Profile, start: Start, follow: bool, json: bool) -> None:
        self._room = Room(profile, new_session(), start)
        self._follow = follow
        self._json = json

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
        return self._object(line) if self._json else plain(line)

    def _object(self, line: Line) -> str | None:
        record = line.record()
        if record is None:
            tell(f"no record at offset {line.offset}: {plain(line)}")
            return None
        return as_json(line, record)


def cursor_at(profile: Profile, offset: int) -> Cursor:
    """A cursor at this offset of the present log, whose identity a short connection shows."""
    connection = connect(profile, Hello(profile.invite.token, last=0, presence=False))
    connection.close()
    return Cursor(connection.greeting.log, offset)
