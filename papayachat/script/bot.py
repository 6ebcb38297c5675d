"""The bot: a command that hears the room as JSON lines, and whose lines are messages.

It does not hear its own messages, so that a bot of two lines of sh does not answer itself for ever.
"""

from papayachat.disk import outboxes
from papayachat.disk.outbox import Outbox
from papayachat.disk.profile import Profile
from papayachat.room import send
from papayachat.room.delivery import Delivery
from papayachat.room.events import Event, Lost, Refused, Uncertain, words
from papayachat.room.room import Room, Start
from papayachat.room.wait import wait
from papayachat.script.child import Child
from papayachat.stream import draft
from papayachat.stream.splitter import Line
from papayachat.stream.terminal import as_json, brief, tell
from papayad.errors import Fault
from papayad.formats.wire import Notice


def run(profile: Profile, command: list[str]) -> None:
    """Run until it is interrupted, or until a Fault says why it cannot go on."""
    send.settle_left(profile, tell)
    box = outboxes.of_device(profile.session, profile.identity)
    try:
        Bot(profile, box, command).run()
    finally:
        box.put_away()


class Bot:
    def __init__(self, profile: Profile, box: Outbox, command: list[str]) -> None:
        self._me = profile.invite.name
        self._delivery = Delivery(box, box.drafts.values(), box.sent)
        start: Start = box.cursor or 0
        self._room = Room(
            profile,
            box.session,
            start,
            presence=True,
            delivery=self._delivery,
            renew=lambda: outboxes.renew(profile, box),
        )
        self._child = Child(command)

    def run(self) -> None:
        try:
            while True:
                if not self._child.is_full:
                    self._hear(self._room.step())
                self._child.start_if_due()
                self._child.write()
                self._say()
                self._wait()
        finally:
            self._child.stop()
            self._room.close()

    def _wait(self) -> None:
        said, stdin = self._child.said, self._child.stdin
        read = set() if said is None else said.awaited(self._delivery.waiting)
        write = {stdin} if stdin is not None else set()
        # While the child is full, the room is not read: the server waits, and no memory grows.
        room = None if self._child.is_full else self._room
        ready = wait(room, self._child.pause, read=read, write=write)
        if said is not None and ready & read:
            said.fill()

    def _say(self) -> None:
        said = self._child.said
        for line in () if said is None else said.lines(self._delivery.waiting):
            self._post(line)
        self._room.send_due()
        if said is not None and said.ended:
            code, pause = self._child.reap()
            tell(f"the bot ended with {code}: starting it again in {pause:.1f} s")

    def _post(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            for each in draft.write_all(draft.decode(line)):
                self._delivery.post(each)
        except Fault as fault:
            tell(str(fault))

    def _hear(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Line():
                    self._give(event)
                case Notice("bye"):
                    tell(words(event))
                case Lost(fault, seconds):
                    tell(f"{fault}: reconnecting in {seconds:.1f} s")
                case Refused(refused, why):
                    tell(f"not sent ({why}): {brief(refused.text)}")
                case Uncertain(given_up):
                    tell(f"not known whether it arrived: {brief(given_up.text)}")

    def _give(self, line: Line) -> None:
        record = line.record()
        if record is not None and record.sender != self._me:
            self._child.give(as_json(line, record))
