"""Attention: what was not in sight of somebody is unread, until it has been."""

from pathlib import Path

import pytest

from papayachat.chat import attention
from papayachat.chat.attention import Attention
from papayachat.disk.seen import Seen
from papayad.formats.record import SERVER, Record
from tests.papayachat.chat.conversation import Conversation

HEIGHT = 4


def is_for_us(said: Record) -> bool | None:
    return None if said.sender in ("alice", SERVER) else "alice" in said.text


class Somebody(Attention):
    """Alice, whose screen shows the conversation's view when she looks at it."""

    def __init__(self, room: Conversation) -> None:
        super().__init__(room.copy, room.timeline, Seen(room.directory), is_for_us)
        self.room = room
        self.touch()

    def hear(self, sender: str, text: str, live: bool = True) -> int:
        address = self.room.say(sender, text)
        line = self.room.copy.after(address)
        said = line.record() if line is not None else None
        assert said is not None
        self.heard(said, address, live)
        return address

    def look(self) -> None:
        self.shown(*self.room.view.span())


@pytest.fixture
def room(tmp_path: Path) -> Conversation:
    return Conversation(tmp_path)


def test_what_comes_into_sight_of_somebody_is_read(room: Conversation) -> None:
    alice = Somebody(room)
    alice.hear("bob", "hello")
    alice.look()
    assert (alice.unread, room.timeline.mark) == (0, None)


def test_what_goes_by_too_fast_is_unread(room: Conversation) -> None:
    alice = Somebody(room)
    first = alice.hear("bob", "alice: the first of many")
    for number in range(90):
        alice.hear("bob", f"line {number}")
    alice.look()
    assert (alice.unread, alice.mentions, room.timeline.mark) == (91, 1, first)
    alice.look()
    assert alice.unread == 91


def test_looking_back_does_not_make_it_read_and_reaching_it_does(room: Conversation) -> None:
    alice = Somebody(room)
    for number in range(10):
        room.say("bob", f"seen {number}")
    alice.look()
    alice.focused = False
    first = alice.hear("bob", "new")
    for number in range(20):
        alice.hear("bob", f"new {number}")
    alice.focused = True
    alice.look()
    assert alice.unread == 21
    room.view.scroll(-HEIGHT)
    alice.look()
    assert alice.unread == 21
    room.view.show(first)
    alice.look()
    assert alice.unread < 21
    while not room.view.follows:
        room.view.scroll(HEIGHT)
        alice.look()
    assert (alice.unread, room.timeline.mark) == (0, first)


def test_a_mention_that_was_jumped_to_is_told_no_more(room: Conversation) -> None:
    alice = Somebody(room)
    alice.in_sight = False
    for number in range(30):
        alice.hear("bob", "alice?" if number in (10, 20) else f"line {number}")
    alice.in_sight = True
    alice.look()
    assert (alice.unread, alice.mentions) == (30, 2)
    mention = alice.first_mention
    assert mention is not None
    room.view.show(mention)
    alice.look()
    assert (alice.unread, alice.mentions) == (30, 1)


def test_without_the_focus_it_is_unread_from_the_first_on(room: Conversation) -> None:
    alice = Somebody(room)
    alice.focused = False
    first = alice.hear("bob", "hello")
    alice.hear("bob", "are you there?")
    alice.look()
    assert (alice.unread, room.timeline.mark) == (2, first)
    alice.focused = True
    alice.look()
    assert (alice.unread, room.timeline.mark) == (0, first)


def test_after_a_while_without_a_key_nobody_is_there(
    room: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = Somebody(room)
    monkeypatch.setattr(attention, "AWAY_AFTER", -1.0)
    alice.hear("bob", "hello")
    alice.look()
    assert alice.unread == 1


def test_the_next_time_what_was_not_seen_is_unread_still(room: Conversation) -> None:
    alice = Somebody(room)
    alice.hear("bob", "seen")
    alice.look()
    alice.focused = False
    first = alice.hear("bob", "alice: not seen")
    alice.hear("alice", "from my telephone")
    alice.hear("*", "join carol")
    alice.look()
    alice.save()
    later = Somebody(room)
    later.recall()
    assert (later.unread, later.mentions, room.timeline.mark) == (1, 1, first)


def test_what_came_without_a_connection_is_marked_though_it_is_in_sight(
    room: Conversation,
) -> None:
    alice = Somebody(room)
    alice.hear("bob", "seen")
    alice.look()
    first = alice.hear("bob", "missed", live=False)
    alice.hear("bob", "now")
    alice.look()
    assert (alice.unread, room.timeline.mark) == (0, first)


def test_it_can_be_said_to_be_read(room: Conversation) -> None:
    alice = Somebody(room)
    for number in range(30):
        alice.hear("bob", f"alice {number}")
    alice.read_all()
    assert (alice.unread, alice.mentions) == (0, 0)


def test_how_far_was_read_only_grows_whoever_writes_it(room: Conversation) -> None:
    for number in range(3):
        room.say("bob", f"line {number}")
    mine, other = Seen(room.directory), Seen(room.directory)
    mine.address, other.address = room.copy.end, 1
    mine.save(room.copy)
    other.save(room.copy)
    assert Seen(room.directory).load(room.copy) == room.copy.end
