"""The chat: all that the screen shows and does, without a terminal and without waiting.

It takes what the room tells (`take`) and what a person does (`submit`, `touch`, `scroll`), keeps
the replica, and says through its Hands what has to be done outside. Everything happens in one
thread.
"""

import re
import time
from dataclasses import replace
from itertools import islice
from typing import Protocol

from papayachat.chat import paste
from papayachat.chat.attention import Attention
from papayachat.chat.entry import Kind
from papayachat.chat.finder import Finder
from papayachat.chat.glyphs import safe
from papayachat.chat.layout import Look
from papayachat.chat.people import People
from papayachat.chat.timeline import Timeline
from papayachat.chat.viewport import Viewport
from papayachat.disk import replica
from papayachat.disk.outbox import Outbox
from papayachat.disk.profile import Profile
from papayachat.disk.replica import Replica
from papayachat.disk.seen import Seen
from papayachat.disk.settings import Settings
from papayachat.room import resume
from papayachat.room.delivery import Delivery
from papayachat.room.events import Connected, Event, Lost, Postponed, Refused, Uncertain
from papayachat.room.intake import Intake
from papayachat.room.room import Room
from papayachat.stream import draft
from papayachat.stream.cursor import Cursor
from papayachat.stream.splitter import Line
from papayad.errors import Fault
from papayad.formats import record
from papayad.formats.record import SERVER, Record
from papayad.formats.wire import Notice

_MESSAGE_BYTES = 8192  # until the server has said it


class Hands(Protocol):
    """What the chat wants done around it."""

    def poke(self) -> None:
        """There is something to send, or to connect for."""

    def call(self, who: str, text: str, mention: bool) -> None:
        """Somebody said something while nobody may be looking."""

    def fetch(self, before: Cursor, known: int) -> None:
        """Get what comes before the copy and give it to `fetched`, or to `not_fetched`."""

    def quit(self) -> None:
        """Leave."""


class Chat:
    def __init__(self, profile: Profile, box: Outbox, settings: Settings, hands: Hands) -> None:
        self.profile = profile
        self.settings = settings
        self.hands = hands
        self.me = profile.invite.name
        self.name = profile.invite.room
        self.people = People(self.me)
        self.trouble: Fault | None = None  # why there is no connection
        self.refused = False  # and there will be none, unless somebody asks for it
        self.connected = False
        self.fetching = False
        self.copy = Replica(replica.directory(profile.name))
        self.delivery = Delivery(box, box.drafts.values(), box.sent)
        self.timeline = Timeline(self.copy, self.delivery.waiting, self.me)
        self.view = Viewport(self.timeline, Look(80, self.me))
        self.finder = Finder(self.timeline, self.view)
        seen = Seen(replica.directory(profile.name))
        self.attention = Attention(self.copy, self.timeline, self.view, seen)
        start = resume.start(self.copy, box, self.delivery, self.me)
        self.room = Room(
            profile, box.session, start, presence=True, delivery=self.delivery, patient=True
        )
        self._intake = Intake(self.copy)
        self._limit = _MESSAGE_BYTES
        self._who_asked = False
        self._doubtful = False  # whether who is here may be more than we know
        self._exhausted = False  # the server has nothing older
        self.attention.recall(self.me)
        self.apply_settings()

    # What a person does.

    def submit(self, text: str) -> None:
        """Send a message."""
        try:
            for each in paste.messages(text, self._limit):
                self.delivery.post(draft.write(each))
        except Fault as fault:
            self.note(f"not sent: {fault}", Kind.REFUSED)
        self.timeline.mark = None
        self.finder.end()
        self.view.to_end()
        self.touch()
        self.hands.poke()

    def touch(self) -> None:
        """Somebody is here, and has seen what is in sight."""
        self.attention.touch()
        if self._doubtful:
            # Not when the `part` came: a hundred screens would ask for each of a hundred.
            self._doubtful = not self.room.say(b"WHO\n")

    def scroll(self, count: int) -> None:
        """Move the view by rows, up when negative."""
        if count < 0:
            self.timeline.floor = 0  # what was cleared comes back
        self.view.scroll(count)
        if count < 0:
            self._fetch_above()

    def note(self, text: str, kind: Kind = Kind.NOTE) -> None:
        """Say something to who sits here; several lines are separated by LF."""
        self.timeline.note(record.stamp(time.time()), text.replace("\n", record.LINE_BREAK), kind)

    def apply_settings(self) -> None:
        self.timeline.ignored = set(self.settings.words("ignore"))
        self.timeline.joins = self.settings["joins"]
        words = [self.me, *self.settings.words("words")]
        mention = "|".join(re.escape(word) for word in words)
        pattern = re.compile(rf"(?<![\w-])(?:{mention})(?![\w-])", re.IGNORECASE)
        self.view.look = replace(self.view.look, mention=pattern)

    def resize(self, width: int, height: int) -> None:
        if (width, height) != (self.view.look.width, self.view.height):
            self.view.height = height
            self.view.look = replace(self.view.look, width=width)

    def ask_who(self) -> bool:
        """Ask who is here, to be told; False without a connection."""
        self._who_asked = self.room.say(b"WHO\n")
        return self._who_asked

    def close(self) -> None:
        """Keep how far was read."""
        self.attention.save()
        self.room.close()
        self.copy.close()

    def own_messages(self, count: int = 100, among: int = 5000) -> list[str]:
        """What we said last, the oldest first."""
        records = (line.record() for line in islice(self.copy.lines_back(self.copy.end), among))
        own = (said.text for said in records if said is not None and said.sender == self.me)
        return [text.replace(record.LINE_BREAK, "\n") for text in islice(own, count)][::-1]

    # What the room tells.

    def take(self, events: list[Event]) -> None:
        """Take what happened, in its order. Raises a Fault when the copy cannot be written."""
        batch: list[Line] = []
        missed: list[Record] = []
        for event in events:
            if isinstance(event, Line):
                batch.append(event)
                continue
            missed += self._put(batch)
            batch = []
            self._hear(event)
        missed += self._put(batch)
        if missed:
            more = f" (and {len(missed) - 1} more)" if len(missed) > 1 else ""
            self.hands.call(missed[-1].sender, missed[-1].text + more, True)

    def refuse(self, fault: Fault) -> None:
        """No later attempt to connect will be better."""
        self.connected = False
        self.refused = True
        self.trouble = fault
        self.note(f"{fault}; /reconnect tries again", Kind.REFUSED)

    def fetched(self, cursor: Cursor, data: bytes) -> None:
        """What came before the copy; nothing when there is nothing."""
        self.fetching = False
        self._exhausted = not data
        if data:
            self.copy.put(cursor, data)

    def not_fetched(self, fault: Fault) -> None:
        self.fetching = False
        self.note(f"older messages: {fault}")

    def _hear(self, event: Event) -> None:
        match event:
            case Connected(greeting):
                self._intake.greeted(greeting)
                self._limit = greeting.max
                self.name, self.connected, self.trouble = safe(greeting.room), True, None
                self.room.say(b"WHO\n")
            case Lost(fault, _):
                self.connected, self.trouble = False, fault
                self.people.forget()
            case Notice(word, rest):
                self._notice(word, rest)
            case Refused(refused, why):
                self.note(f"not sent ({why}): {refused.text}", Kind.REFUSED)
            case Postponed():
                self.note("the server cannot store it yet; it is tried again")
            case Uncertain(given_up):
                why = "not known whether this arrived, that part of the log is gone"
                self.note(f"{why}: {given_up.text}", Kind.REFUSED)

    def _notice(self, word: str, rest: str) -> None:
        if word == "online":
            self.people.answered(rest)
            if self._who_asked:
                self._who_asked = False
                here = sorted(self.people.online)
                self.note(f"{len(here)} here: {', '.join(here)}")
        elif word not in ("pong", "gap"):  # a gap is seen where it is
            self.note(f"the server says: {word} {rest}".rstrip())

    def _put(self, lines: list[Line]) -> list[Record]:
        """Keep lines of the log; the mentions among those that came while away."""
        missed: list[Record] = []
        for said, address, live, new in self._intake.put(lines):
            self._doubtful = (self.people.take(said, live) and live) or self._doubtful
            if said.sender in (SERVER, self.me) or said.sender in self.timeline.ignored:
                continue
            if new:
                self.attention.heard(address)
                missed += self._announce(said, live)
        return missed

    def _announce(self, said: Record, live: bool) -> list[Record]:
        mention = self.view.look.mention
        mentioned = mention is not None and mention.search(said.text) is not None
        if live:
            self.hands.call(said.sender, said.text, mentioned)
        return [said] if mentioned and not live else []

    def _fetch_above(self) -> None:
        hole = self.copy.hole_before(self.view.top_address())
        if hole is None or self.fetching or self._exhausted or not self.connected:
            return
        self.fetching = True
        self.hands.fetch(hole, self.copy.count(self.copy.address(hole)))
