"""Feeding: each line of a pipe is a message, exactly once, for as long as the pipe has lines.

It reads no further than it can send: the program that writes into the pipe waits while the server
is away.
"""

import sys

from papayachat.disk import outboxes
from papayachat.disk.outbox import Outbox
from papayachat.disk.profile import Profile, new_session
from papayachat.room import send
from papayachat.room.delivery import Delivery
from papayachat.room.events import Event, Lost, Refused, Uncertain
from papayachat.room.room import Room
from papayachat.room.wait import wait
from papayachat.stream import draft
from papayachat.stream.stdin import Typed
from papayachat.stream.terminal import brief, tell
from papayad.errors import DONE, FAILED, Fault


def feed(profile: Profile) -> int:
    """Send stdin line by line; return the exit code when the last one is in the log."""
    send.settle_left(profile, tell)
    box = outboxes.of_device(new_session(), profile.identity)
    try:
        return Feed(profile, box).run()
    finally:
        box.put_away()


class Feed:
    def __init__(self, profile: Profile, box: Outbox) -> None:
        self._delivery = Delivery(box)
        self._room = Room(profile, box.session, 0, delivery=self._delivery)
        self._typed = Typed(sys.stdin.fileno())
        self._code = DONE

    def run(self) -> int:
        try:
            while True:
                self._hear(self._room.step())
                self._take_lines()
                if self._typed.ended and not self._delivery.waiting:
                    return self._code
                stdin = self._typed.awaited(self._delivery.waiting)
                if stdin & wait(self._room, read=stdin):
                    self._typed.fill()
        finally:
            self._room.close()

    def _take_lines(self) -> None:
        for line in self._typed.lines(self._delivery.waiting):
            if not line.strip():
                continue
            try:
                for each in draft.write_all(draft.decode(line)):
                    self._delivery.post(each)
            except Fault as fault:
                self._complain(str(fault))
        self._room.send_due()

    def _hear(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Lost(fault, seconds):
                    tell(f"{fault}: reconnecting in {seconds:.1f} s")
                case Refused(refused, why):
                    self._complain(f"not sent ({why}): {brief(refused.text)}")
                case Uncertain(given_up):
                    self._complain(f"not known whether it arrived: {brief(given_up.text)}")

    def _complain(self, why: str) -> None:
        tell(why)
        self._code = FAILED
