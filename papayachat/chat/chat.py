"""The chat: all that the screen shows and does, without a terminal and without waiting.

It is told what happens in the room (client.Front) and what a person does (`submit`, `touch`,
`scroll`), and says through its Hands what has to be done outside. Everything happens in one thread.
"""

import re
import time
from dataclasses import replace
from itertools import islice
from typing import Protocol

from papayachat.chat.attention import Attention
from papayachat.chat.entry import Kind
from papayachat.chat.finder import Finder
from papayachat.chat.glyphs import safe
from papayachat.chat.layout import Look
from papayachat.chat.timeline import Timeline
from papayachat.chat.viewport import Viewport
from papayachat.disk.outbox import Outbox
from papayachat.disk.profile import Profile
from papayachat.disk.settings import Settings
from papayachat.room.client import Client
from papayachat.room.events import Event, words
from papayachat.room.intake import Heard
from papayachat.room.people import Moves
from papayachat.stream.cursor import Cursor
from papayachat.stream.draft import Draft
from papayad.errors import Fault
from papayad.formats import record
from papayad.formats.record import SERVER, Record
from papayad.formats.wire import Greeting, Notice

FIRST_LINES = 1000  # that a new copy begins with


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
        self.settings = settings
        self.hands = hands
        self.me = profile.invite.name
        self.name = profile.invite.room
        self.trouble: Fault | None = None  # why there is no connection
        self.dismissed = False  # and there will be none, unless somebody asks for it
        self.fetching = False
        self.client = Client(profile, box, self, lines=FIRST_LINES, patient=True)
        self.copy = self.client.copy
        self.timeline = Timeline(self.copy, self.client.delivery.waiting, self.me)
        self.view = Viewport(self.timeline, Look(80, self.me))
        self.finder = Finder(self.timeline, self.view)
        self.attention = Attention(self.copy, self.timeline, self.view, self.client.seen)
        self._who_asked = False
        self._exhausted = False  # the server has nothing older
        self._missed: list[Record] = []  # mentions among what came while there was no connection
        self.attention.recall(self.me)
        self.apply_settings()

    # What a person does.

    def submit(self, text: str) -> None:
        """Send a message."""
        try:
            self.client.say(text)
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
        if self.client.people.doubtful:
            # Not when the `part` came: a hundred screens would ask for each of a hundred.
            self.client.ask_who()

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
        self._who_asked = self.client.ask_who()
        return self._who_asked

    def close(self) -> None:
        """Keep how far was read."""
        self.attention.save()
        self.client.close()

    def own_messages(self, count: int = 100, among: int = 5000) -> list[str]:
        """What we said last, the oldest first."""
        records = (line.record() for line in islice(self.copy.lines_back(self.copy.end), among))
        own = (said.text for said in records if said is not None and said.sender == self.me)
        return [text.replace(record.LINE_BREAK, "\n") for text in islice(own, count)][::-1]

    # What the room tells.

    def hear(self, events: list[Event]) -> None:
        """Take what happened, in its order. Raises a Fault when the copy cannot be written."""
        self.client.hear(events)
        missed, self._missed = self._missed, []
        if missed:
            more = f" (and {len(missed) - 1} more)" if len(missed) > 1 else ""
            self.hands.call(missed[-1].sender, missed[-1].text + more, True)

    def dismiss(self, fault: Fault) -> None:
        """No later attempt to connect will be better."""
        self.client.connected = False
        self.dismissed = True
        self.trouble = fault
        self.note(f"{fault}; /reconnect tries again", Kind.REFUSED)

    def fetched(self, cursor: Cursor, data: bytes) -> None:
        """What came before the copy; nothing when there is nothing."""
        self.fetching = False
        self._exhausted = not data
        if data:
            self.copy.keep(cursor, data)

    def not_fetched(self, fault: Fault) -> None:
        self.fetching = False
        self.note(f"older messages: {fault}")

    def back(self, greeting: Greeting) -> None:
        self.name, self.trouble = safe(greeting.room), None
        self.client.ask_who()

    def lost(self, fault: Fault, seconds: float) -> None:
        self.trouble = fault

    def said(self, heard: Heard) -> None:
        said = heard.said
        if said is None or said.sender in (SERVER, self.me) or not heard.new:
            return
        if said.sender not in self.timeline.ignored:
            self.attention.heard(heard.address)
            self._announce(said, heard.live)

    def moved(self, moves: Moves) -> None:
        """Who is here is asked for when it is shown."""

    def refused(self, draft: Draft, why: str) -> None:
        self.note(f"{why}: {draft.text}", Kind.REFUSED)

    def postponed(self, draft: Draft) -> None:
        self.note("the server cannot store it yet; it is tried again")

    def told(self, notice: Notice) -> None:
        if notice.word == "online" and self._who_asked:
            self._who_asked = False
            here = sorted(self.client.people.online)
            self.note(f"{len(here)} here: {', '.join(here)}")
        elif notice.word != "gap" and words(notice):  # a gap is seen where it is
            self.note(words(notice))

    def _announce(self, said: Record, live: bool) -> None:
        mention = self.view.look.mention
        mentioned = mention is not None and mention.search(said.text) is not None
        if live:
            self.hands.call(said.sender, said.text, mentioned)
        elif mentioned:
            self._missed.append(said)

    def _fetch_above(self) -> None:
        hole = self.copy.hole_before(self.view.top_address())
        if hole is None or self.fetching or self._exhausted or not self.client.connected:
            return
        self.fetching = True
        self.hands.fetch(hole, self.copy.count(self.copy.address(hole)))
