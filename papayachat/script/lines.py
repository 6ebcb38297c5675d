"""The plain line mode, `papayachat` without a command: lines typed are sent, what is said is shown.

It needs no terminal: `papayachat < file` sends each line exactly once and ends when the last one
is in the log. One loop over stdin and the socket; idle, it is not woken at all.
"""

import sys

from papayachat.disk import outbox
from papayachat.disk.outbox import Outbox
from papayachat.disk.profile import Profile
from papayachat.room import send
from papayachat.room.delivery import Delivery
from papayachat.room.events import Connected, Event, Lost, Postponed, Refused, Uncertain
from papayachat.room.room import Room
from papayachat.room.wait import wait
from papayachat.stream import draft
from papayachat.stream.splitter import Line
from papayachat.stream.stdin import Typed
from papayachat.stream.terminal import put, spoken, tell, visible
from papayad.errors import DONE, FAILED, Fault
from papayad.formats.wire import Notice


def run(profile: Profile) -> int:
    """Chat until stdin ends or `/quit`; the exit code."""
    box = outbox.of_device(profile.session, profile.identity)
    try:
        send.settle_left(profile, tell)
        return Lines(profile, box).run()
    finally:
        send.tell_kept(box.put_away())


class Lines:
    def __init__(self, profile: Profile, box: Outbox) -> None:
        self._profile = profile
        self._delivery = Delivery(box, box.drafts.values(), box.sent)
        self._room = Room(profile, box.session, box.cursor, presence=True, delivery=self._delivery)
        self._typed = Typed(sys.stdin.fileno())
        self._by_hand = sys.stdin.isatty()
        self._code = DONE

    def run(self) -> int:
        try:
            while True:
                self._show(self._room.step())
                self._take_lines()
                if self._typed.ended and not self._delivery.waiting:
                    return self._code
                self._wait()
        finally:
            self._room.close()

    def _wait(self) -> None:
        stdin = self._typed.awaited(self._delivery.waiting)
        if stdin & wait(self._room, read=stdin, output=sys.stdout.fileno()):
            self._typed.fill()
            self._take_lines()

    def _take_lines(self) -> None:
        for line in self._typed.lines(self._delivery.waiting):
            try:
                self._obey(draft.decode(line).rstrip("\r"))
            except Fault as fault:
                self._complain(str(fault))
        self._room.send_due()

    def _obey(self, line: str) -> None:
        if line == "/quit":
            self._typed.stop()
        elif line == "/who":
            self._ask_who()
        elif self._by_hand and line.startswith("/") and not line.startswith("//"):
            tell(f"{line.split()[0]}: there is /who and /quit; // begins a message with a slash")
        elif line.strip():
            text = line[1:] if self._by_hand and line.startswith("//") else line
            self._delivery.post(draft.write(text))

    def _ask_who(self) -> None:
        if not self._room.say(b"WHO\n"):
            tell("not connected")

    def _show(self, events: list[Event]) -> None:
        put([text for event in events for text in self._printed(event)])

    def _printed(self, event: Event) -> list[str]:
        """What of an event goes to stdout; the rest is told on stderr here."""
        match event:
            case Line():
                return [spoken(event)]
            case Notice("online", names):
                return [f"      * online: {visible(names)}"]
            case Notice():
                self._notice(event)
            case Connected(greeting):
                tell(f"in {greeting.room} as {greeting.name}")
            case Lost(fault, seconds):
                tell(f"{fault}: reconnecting in {seconds:.1f} s")
            case Refused(refused, why):
                self._complain(f"not sent ({why}): {refused.text}")
            case Postponed(postponed):
                tell(f"the server cannot store it yet, trying again: {postponed.text}")
            case Uncertain(given_up):
                self._complain(f"not known whether it arrived: {given_up.text}")
        return []

    def _notice(self, notice: Notice) -> None:
        match notice.word:
            case "gap":
                tell(f"gap: what was said before offset {notice.rest} is not to be had any more")
            case "pong":
                pass
            case word:
                tell(f"the server says: {word} {notice.rest}".rstrip())

    def _complain(self, why: str) -> None:
        tell(why)
        self._code = FAILED
