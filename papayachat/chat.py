"""The chat: all that the screen shows and does, without a terminal and without waiting.

It takes what the room tells (`take`) and what a person does (`submit`, `touch`, `scroll`), keeps
the replica, and says through its Hands what has to be done outside. Everything happens in one
thread.
"""

import re
import time
from typing import Protocol

from papayachat import draft, pasting, replica, searching, slash
from papayachat.cursor import Cursor
from papayachat.delivery import Delivery
from papayachat.entry import Kind
from papayachat.events import Connected, Event, Lost, Postponed, Refused, Uncertain
from papayachat.glyphs import safe
from papayachat.layout import Look
from papayachat.outbox import Outbox
from papayachat.people import People
from papayachat.profile import Profile
from papayachat.replica import Replica
from papayachat.room import Room, Start
from papayachat.seen import Seen
from papayachat.settings import Settings
from papayachat.splitter import Line
from papayachat.timeline import Timeline
from papayachat.viewport import Viewport
from papayad import record
from papayad.errors import Fault
from papayad.record import SERVER, Record
from papayad.wire import Notice

HISTORY = 1000  # records that a new copy begins with
AWAY_SECONDS = 60.0  # without a key: what comes then is unread
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
        self.searched: re.Pattern[str] | None = None
        self.filtered = ""  # the pattern of the filtered view
        self.focused: bool | None = None  # None: the terminal does not say
        self.unread = 0
        self.copy = Replica(replica.directory(profile.name))
        self.delivery = Delivery(box, box.drafts.values(), box.sent)
        self.timeline = Timeline(self.copy, self.delivery.waiting, self.me)
        self.view = Viewport(self.timeline, Look(80, self.me))
        self.room = Room(
            profile,
            box.session,
            self._start(box),
            presence=True,
            delivery=self.delivery,
            patient=True,
        )
        self._seen = Seen(replica.directory(profile.name))
        self._log = ""
        self._greeted_end = 0
        self._fresh = self.copy.cursor is None
        self._limit = _MESSAGE_BYTES
        self._touched_at = -AWAY_SECONDS
        self._who_asked = False
        self._doubtful = False  # whether who is here may be more than we know
        self._exhausted = False  # the server has nothing older
        self._found = self.copy.end  # where a search goes on
        self._recall()
        self.apply_settings()

    # What a person does.

    def submit(self, text: str) -> None:
        """Send a message, or do what a command says."""
        if text.startswith("/") and not text.startswith(("//", "/me ")):
            slash.obey(self, text)
            return
        if text.startswith("//"):
            text = text[1:]
        try:
            for each in pasting.messages(text, self._limit):
                self.delivery.post(draft.write(each))
        except Fault as fault:
            self.note(f"not sent: {fault}", Kind.REFUSED)
        self.timeline.mark = None
        self.end_search()
        self.view.to_end()
        self.touch()
        self.hands.poke()

    def touch(self) -> None:
        """Somebody is here, and has seen what is in sight."""
        self._touched_at = time.monotonic()
        if self._doubtful:
            # Not when the `part` came: a hundred screens would ask for each of a hundred.
            self._doubtful = not self.room.say(b"WHO\n")
        if self.view.follows:
            self.unread = 0
            self._seen.address = self.copy.end

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

    def search(self, pattern: re.Pattern[str], back: bool = True) -> bool:
        """Show the next message that matches; False where there is none."""
        self.searched = pattern
        start = self._found
        found = self.timeline.search(
            start if back else start + 1, searching.matching(pattern), back
        )
        self._look()
        if found is None:
            return False
        self._found = found
        self.view.show(found)
        return True

    def filter(self, pattern: re.Pattern[str]) -> None:
        """Show only messages that match, until `end_search`."""
        self.searched = pattern
        self.filtered = pattern.pattern
        self.timeline.taken = searching.matching(pattern)
        self._look()
        self.view.to_end()

    def end_search(self) -> None:
        self.searched = None
        self.filtered = ""
        self.timeline.taken = None
        self._found = self.copy.end
        self._look()

    def apply_settings(self) -> None:
        self.timeline.ignored = set(self.settings.words("ignore"))
        self.timeline.joins = self.settings["joins"]
        self._look()

    def resize(self, width: int, height: int) -> None:
        if (width, height) != (self.view.look.width, self.view.height):
            self.view.height = height
            self._look(width)

    def ask_who(self) -> bool:
        """Ask who is here, to be told; False without a connection."""
        self._who_asked = self.room.say(b"WHO\n")
        return self._who_asked

    def close(self) -> None:
        """Keep how far was read."""
        self._save_seen()
        self.room.close()
        self.copy.close()

    def own_messages(self, count: int = 100, among: int = 5000) -> list[str]:
        """What we said last, the oldest first."""
        said: list[str] = []
        for number, line in enumerate(self.copy.lines_back(self.copy.end)):
            entry = line.record() if number < among and len(said) < count else None
            if number >= among or len(said) >= count:
                break
            if entry is not None and entry.sender == self.me:
                said.append(entry.text.replace(record.LINE_BREAK, "\n"))
        return said[::-1]

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
                self._log, self._greeted_end = greeting.log, greeting.end
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
        """Keep consecutive lines of the log; the mentions among those that came while away."""
        missed: list[Record] = []
        start = 0
        for index, line in enumerate(lines):
            if index + 1 == len(lines) or lines[index + 1].offset != line.end:
                run = lines[start : index + 1]
                address = self.copy.put(Cursor(self._log, run[0].offset), _bytes(run))
                missed += self._see(run, address - run[0].offset)
                start = index + 1
        return missed

    def _see(self, lines: list[Line], shift: int) -> list[Record]:
        missed: list[Record] = []
        for line in lines:
            said = line.record()
            if said is None:
                continue
            live = line.offset >= self._greeted_end
            self._doubtful = (self.people.take(said, live) and live) or self._doubtful
            if said.sender in (SERVER, self.me) or said.sender in self.timeline.ignored:
                continue
            if live or not self._fresh:
                self._count_unread(line.offset + shift)
                missed += self._announce(said, live)
        if lines[-1].end >= self._greeted_end:
            self._fresh = False
        return missed

    def _count_unread(self, address: int) -> None:
        if not self._is_away():
            self._seen.address = self.copy.end
            return
        if self.unread == 0:
            self.timeline.mark = address
            self._save_seen()
        self.unread += 1

    def _announce(self, said: Record, live: bool) -> list[Record]:
        mention = self.view.look.mention
        mentioned = mention is not None and mention.search(said.text) is not None
        if live:
            self.hands.call(said.sender, said.text, mentioned)
        return [said] if mentioned and not live else []

    def _is_away(self) -> bool:
        """Whether what arrives now is not seen, as far as can be told."""
        if not self.view.follows or self.focused is False:
            return True
        return time.monotonic() - self._touched_at > AWAY_SECONDS

    def _fetch_above(self) -> None:
        hole = self.copy.hole_before(self.view.top_address())
        if hole is None or self.fetching or self._exhausted or not self.connected:
            return
        self.fetching = True
        self.hands.fetch(hole, self.copy.count(self.copy.address(hole)))

    def _look(self, width: int | None = None) -> None:
        words = [self.me, *self.settings.words("words")]
        mention = "|".join(re.escape(word) for word in words)
        self.view.look = Look(
            self.view.look.width if width is None else width,
            self.me,
            re.compile(rf"(?<![\w-])(?:{mention})(?![\w-])", re.IGNORECASE),
            self.searched,
        )

    def _start(self, box: Outbox) -> Start:
        """From where the room is to be followed. What the outbox says was sent is looked for in
        the copy first: there it may stand, seen and not yet noted as done."""
        have, sent = self.copy.cursor, box.cursor
        if have is None:
            return sent or HISTORY
        if sent is None or (sent.log == have.log and sent.offset >= have.offset):
            return have
        if not self.copy.has(sent, have):
            return sent
        for line in self.copy.lines(self.copy.address(sent)):
            said = line.record()
            if said is not None and said.sender == self.me:
                self.delivery.settle(said.id)
        return have

    def _recall(self) -> None:
        """Mark what came after somebody was last here."""
        seen = self._seen.load(self.copy)
        if seen is None:
            self._seen.address = self.copy.end
            return
        for line in self.copy.lines(seen):
            said = line.record()
            if said is not None and said.sender not in (SERVER, self.me):
                self.unread += 1
                if self.timeline.mark is None:
                    self.timeline.mark = line.offset

    def _save_seen(self) -> None:
        if self.copy.cursor is not None:
            self._seen.save(self.copy)


def _bytes(lines: list[Line]) -> bytes:
    return b"".join(line.raw for line in lines)
