"""The client of one room: what all front ends share: the screen, lines, or another.

It keeps the copy, delivers messages, follows the room and knows who is here. It tells its front
what happened, in the order in which it happened. It draws nothing and waits for nothing: its owner
polls or links its `room`, and passes the events to `hear`.
"""

from typing import Protocol

from papayachat.disk import outboxes, replica
from papayachat.disk.outbox import Outbox
from papayachat.disk.paths import spare_dir
from papayachat.disk.profile import Profile
from papayachat.disk.replica import Replica
from papayachat.disk.seen import Seen
from papayachat.room import resume
from papayachat.room.delivery import Delivery
from papayachat.room.events import Connected, Event, Lost, Postponed, Refused, Uncertain
from papayachat.room.intake import Heard, Intake
from papayachat.room.people import Moves, People
from papayachat.room.room import Room
from papayachat.stream import draft
from papayachat.stream.draft import Draft
from papayachat.stream.splitter import Line
from papayad.errors import Fault
from papayad.formats.wire import Greeting, Notice


class Front(Protocol):
    """What a front end is told about a room."""

    def back(self, greeting: Greeting) -> None:
        """There is a connection."""

    def lost(self, fault: Fault, seconds: float) -> None:
        """There is no connection, and in `seconds` there will be another attempt."""

    def said(self, heard: Heard) -> None:
        """A line of the log came; it is in the copy already."""

    def moved(self, moves: Moves) -> None:
        """Somebody came or went."""

    def refused(self, draft: Draft, why: str) -> None:
        """This will never be in the log; or, if `why` says so, nobody can know."""

    def postponed(self, draft: Draft) -> None:
        """The server cannot store this now; it will be sent again."""

    def told(self, notice: Notice) -> None:
        """The server says something that is not in the log."""


class Client:
    """`lines`: how many lines a new copy begins with, None: as many as the server gives.
    `patient`: it tries to connect for ever, since a person sees that."""

    def __init__(
        self,
        profile: Profile,
        box: Outbox,
        front: Front,
        *,
        lines: int | None = None,
        patient: bool = False,
    ) -> None:
        self.profile = profile
        self.me = profile.invite.name
        self.connected = False
        self.copy = Replica(replica.directory(profile.name), spare_dir())
        self.seen = Seen(replica.directory(profile.name))
        self.delivery = Delivery(box, box.drafts.values(), box.sent)
        self.people = People(self.me)
        self.room = Room(
            profile,
            box.session,
            resume.start(self.copy, box, self.delivery, self.me, lines),
            presence=True,
            delivery=self.delivery,
            patient=patient,
            renew=lambda: outboxes.renew(profile, box),
        )
        self._box = box
        self._front = front
        self._intake = Intake(self.copy)
        self._longest = draft.LONGEST_LINE

    @property
    def troubles(self) -> list[Fault]:
        """What the disk refuses to take."""
        return [fault for fault in (self._box.trouble, self.copy.trouble) if fault is not None]

    def say(self, text: str) -> None:
        """Post a text, as one message or, if it is too long, as several; a Fault if nothing of it
        can be sent."""
        for each in draft.write_all(text, self._longest):
            self.delivery.post(each)

    def ask_who(self) -> bool:
        """Ask who is here; False without a connection."""
        asked = self.room.say(b"WHO\n")
        self.people.doubtful = self.people.doubtful and not asked
        return asked

    def hear(self, events: list[Event]) -> None:
        """Take what happened, in its order. Raises a Fault when the copy cannot be written."""
        batch: list[Line] = []
        for event in events:
            if isinstance(event, Line):
                batch.append(event)
                continue
            self._keep(batch)
            batch = []
            self._tell(event)
        self._keep(batch)

    def close(self) -> None:
        self.room.close()
        self.copy.close()

    def _keep(self, lines: list[Line]) -> None:
        for heard in self._intake.keep(lines):
            if heard.said is not None:
                self._move(self.people.hear(heard.said, heard.live))
            self._front.said(heard)

    def _tell(self, event: Event) -> None:
        match event:
            case Connected(greeting):
                self._intake.greeted(greeting)
                self._longest = greeting.max
                self.connected = True
                self._front.back(greeting)
            case Lost(fault, seconds):
                self.connected = False
                self.people.forget()
                self._front.lost(fault, seconds)
            case Notice(word, rest):
                if word == "online":
                    self._move(self.people.answered(rest))
                self._front.told(event)
            case Refused(refused, why):
                self._front.refused(refused, f"not sent ({why})")
            case Uncertain(given_up):
                why = "not known whether this arrived, that part of the log is gone"
                self._front.refused(given_up, why)
            case Postponed(postponed):
                self._front.postponed(postponed)

    def _move(self, moves: Moves) -> None:
        if moves.came or moves.went:
            self._front.moved(moves)
