"""The chat: all that the screen shows of a room and does in it, without a terminal and without
waiting.

It hears what happens in the room (client.Front) and what a person does (`submit`, `touch`,
`scroll`), and says through its Hands what has to be done outside. Everything happens in one thread.
"""

import re
import time
from dataclasses import replace
from itertools import islice
from typing import Protocol

from papayachat.chat.attention import Attention
from papayachat.chat.entry import Kind
from papayachat.chat.finder import Finder, Scan
from papayachat.chat.glyphs import safe
from papayachat.chat.layout import Look, is_mention
from papayachat.chat.past import Past
from papayachat.chat.timeline import Timeline
from papayachat.chat.viewport import Viewport
from papayachat.disk.outbox import Outbox
from papayachat.disk.profile import Profile
from papayachat.disk.search import Query
from papayachat.disk.settings import Chosen
from papayachat.room.client import Client
from papayachat.room.events import Event, words
from papayachat.room.intake import Heard
from papayachat.room.people import Moves
from papayachat.stream import when
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
        """There is something to send, or it is time to connect."""

    def call(self, who: str, text: str, mention: bool) -> None:
        """Somebody said something, and perhaps nobody looks at the screen."""

    def fetch(self, before: Cursor, lines: int) -> None:
        """Get so many lines before the copy and give them to `fetched`, or to `not_fetched`."""

    def scan(self, query: Query) -> Scan:
        """Have the copy searched; what is found goes to `finder`."""


class Chat:
    def __init__(self, profile: Profile, box: Outbox, settings: Chosen, hands: Hands) -> None:
        self.settings = settings
        self.hands = hands
        self.me = profile.invite.name
        self.name = profile.invite.room
        self.trouble: Fault | None = None  # the reason if there is no connection
        self.hint = ""  # what is said until the next key, where notes are out of sight
        self.dismissed = False  # no further attempt, unless the person asks for it
        self.client = Client(profile, box, self, lines=FIRST_LINES, patient=True)
        self.copy = self.client.copy
        self.timeline = Timeline(self.copy, self.client.delivery.waiting, self.me)
        self.view = Viewport(self.timeline, Look(80, self.me))
        self.past = Past(self.copy, hands.fetch)
        self.finder = Finder(self.timeline, self.view, hands.scan, self._look_further)
        self.attention = Attention(self.copy, self.timeline, self.client.seen, self._is_for_us)
        self._who_asked = False
        self._missed: list[Record] = []  # mentions that came while there was no connection
        self._told = 0  # how many troubles of the disk were reported
        self.apply_settings()
        self.attention.recall()

    # What a person does.

    def submit(self, text: str) -> bool:
        """Send a message; False when it cannot be sent."""
        try:
            self.client.say(text)
        except Fault as fault:
            self.note(f"not sent: {fault}", Kind.REFUSED)
            return False
        self.timeline.mark = self.attention.first_unread
        self.escape()
        self.hands.poke()
        self._tell_troubles()
        return True

    def touch(self) -> None:
        """The person is here."""
        self.hint = ""
        self.attention.touch()
        if self.client.people.doubtful:
            # Not at each `part`: if a hundred leave, a hundred screens would ask a hundred times.
            self.client.ask_who()

    def escape(self) -> None:
        """End a search, and go to the end."""
        self.finder.end()
        self.past.rest()
        self.view.to_end()

    def scroll(self, count: int) -> None:
        """Move the view by rows, up when negative."""
        if count < 0:
            self.timeline.show_all()
        else:
            self.look_at()  # it goes by, maybe faster than it is drawn
        self.view.scroll(count)
        if count < 0 and self.finder.filtered and self.view.at_top:
            self._fetch_more()  # it may have more that matches
        elif count < 0 and self.client.connected:
            self.past.fetch_above(self.view.top_address())

    def to_start(self) -> None:
        """Go to where the copy begins, and fetch what comes before."""
        self.timeline.show_all()
        self.view.to_start()
        self.scroll(-1)

    def go_to(self, stamp: str) -> None:
        """Show what was said at a time, as soon as that has come."""
        if not self.past.reaches(stamp) and self._fetch_more():
            self.past.wanted = stamp
            return
        self.past.rest()
        found = self.copy.address_at(stamp)
        if found >= self.copy.end:
            self._tell("nothing since then")
            return
        self.timeline.show_all()
        self.view.show(found)
        if not self.past.reaches(stamp):
            self._tell(f"{self._coverage()}: this is the first of them")

    def note(self, text: str, kind: Kind = Kind.NOTE) -> None:
        """Say something to the person here; several lines are separated by LF."""
        self.timeline.note(record.stamp(time.time()), text.replace("\n", record.LINE_BREAK), kind)

    def apply_settings(self) -> None:
        self.timeline.ignored = set(self.settings.words("ignore"))
        self.timeline.joins = self.settings["joins"]
        words = [self.me, *self.settings.words("words")]
        mention = "|".join(re.escape(word) for word in words)
        pattern = re.compile(rf"(?<![\w-])(?:{mention})(?![\w-])", re.IGNORECASE)
        twelve = when.has_twelve_hours(self.settings["clock"])
        self.view.look = replace(self.view.look, mention=pattern, twelve=twelve)

    def resize(self, width: int, height: int) -> None:
        if (width, height) != (self.view.look.width, self.view.height):
            self.view.height = height
            self.view.look = replace(self.view.look, width=width)

    def look_at(self) -> bool:
        """Note what is on the screen now; return whether that changes what is unread."""
        if self.finder.filtered:
            return False
        return self.attention.shown(*self.view.span())

    def ask_who(self) -> bool:
        """Ask who is here, to show the answer; False without a connection."""
        self._who_asked = self.client.ask_who()
        return self._who_asked

    def close(self) -> None:
        """Keep how far was read."""
        self.finder.end()
        self.attention.save()
        self.client.close()

    def own_messages(self, count: int = 100) -> list[str]:
        """Our last messages, the oldest first."""
        return [said.text.replace(record.LINE_BREAK, "\n") for said in self.last(count, own=True)]

    def last(self, count: int, own: bool = False, among: int = 5000) -> list[Record]:
        """The last messages of others, or ours, the oldest first."""
        records = (line.record() for line in islice(self.copy.lines_back(self.copy.end), among))
        wanted = (
            said
            for said in records
            if said is not None and said.sender != SERVER and (said.sender == self.me) == own
        )
        return list(islice(wanted, count))[::-1]

    # What the room tells.

    def hear(self, events: list[Event]) -> None:
        """Take what happened, in its order."""
        end = self.copy.end
        self.client.hear(events)
        self.finder.extended(end, self.copy.end)
        self._tell_troubles()
        missed, self._missed = self._missed, []
        if missed:
            more = f" (and {len(missed) - 1} more)" if len(missed) > 1 else ""
            self.hands.call(missed[-1].sender, missed[-1].text + more, True)

    def dismiss(self, fault: Fault) -> None:
        """Note that no later attempt to connect can work."""
        self.client.connected = False
        self.dismissed = True
        self.trouble = fault
        self.note(f"{fault}; /reconnect tries again", Kind.REFUSED)

    def fetched(self, cursor: Cursor, data: bytes) -> None:
        """Take what comes before the copy; empty if there is nothing."""
        self.finder.extended(*self.past.fetched(cursor, data))
        if self.past.wanted is not None:
            self.go_to(self.past.wanted)
        elif not data:
            self.finder.resume()

    def not_fetched(self, fault: Fault) -> None:
        self.past.failed()
        self.finder.give_up()
        self._tell(f"older messages: {fault}")

    def back(self, greeting: Greeting) -> None:
        self.name, self.trouble = safe(greeting.room), None
        self.client.ask_who()

    def lost(self, fault: Fault, seconds: float) -> None:
        self.trouble = fault

    def said(self, heard: Heard) -> None:
        said = heard.said
        if said is None or not heard.new:
            return
        mention = self.attention.heard(said, heard.address, heard.live)
        if heard.live and self._is_for_us(said) is not None:
            self.hands.call(said.sender, said.text, mention)
        elif mention:
            self._missed.append(said)

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
        elif notice.word != "gap" and words(notice):  # a gap is shown in its place
            self.note(words(notice))

    def _is_for_us(self, said: Record) -> bool | None:
        if said.sender in (SERVER, self.me) or said.sender in self.timeline.ignored:
            return None
        return is_mention(said.text, self.view.look.mention)

    def _look_further(self) -> None:
        """Fetch more, since a search has come to where the copy begins."""
        if self._fetch_more():
            return
        self.finder.give_up()
        query = self.finder.query
        what = f"nothing{' older' if self.finder.count else ''} has {query.text if query else ''}"
        self._tell(f"{what}; {self._coverage()}")

    def _fetch_more(self) -> bool:
        return self.client.connected and self.past.fetch_more()

    def _coverage(self) -> str:
        """Which part of the room is here, in words."""
        if self.past.is_whole:
            return "the whole room is here"
        day = self.past.day
        return f"here are the messages since {day}" if day else "nothing of this room is here"

    def _tell(self, text: str) -> None:
        """Say something to whoever looks, wherever in the messages that is."""
        if self.view.follows:
            self.note(text)
        else:
            self.hint = text

    def _tell_troubles(self) -> None:
        """Say that the disk takes something no more, once for each."""
        for fault in self.client.troubles[self._told :]:
            self.note(f"{fault}; going on in memory: this is lost when papayachat ends abruptly")
            self._told += 1
