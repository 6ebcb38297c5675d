"""The intake: lines come into the copy whole, and each says whether it is new, and live."""

from pathlib import Path

import pytest

from papayachat.room.intake import Intake
from papayad.formats.wire import Greeting
from tests.papayachat.chat.conversation import LOG, Conversation


@pytest.fixture
def room(tmp_path: Path) -> Conversation:
    return Conversation(tmp_path)


def greeting(end: int) -> Greeting:
    return Greeting("alice", "main", LOG, 0, end, 8192)


def test_what_a_room_begins_with_is_not_new(room: Conversation) -> None:
    intake = Intake(room.copy)
    old, live = room.line("bob", "before"), room.line("bob", "after")
    intake.greeted(greeting(old.end))
    heard = [(one.said and one.said.text, one.live, one.new) for one in intake.keep([old, live])]
    assert heard == [("before", False, False), ("after", True, True)]
    assert [line.raw for line in room.copy.lines()] == [old.raw, live.raw]


def test_what_came_while_there_was_no_connection_is_new(room: Conversation) -> None:
    room.say("bob", "known")
    intake = Intake(room.copy)
    missed = room.line("bob", "missed")
    intake.greeted(greeting(missed.end))
    (heard,) = intake.keep([missed])
    assert heard.said and (heard.said.text, heard.live, heard.new) == ("missed", False, True)
    assert heard.address == room.copy.end - len(missed.raw)


def test_a_gap_stays_one_in_the_copy(room: Conversation) -> None:
    intake = Intake(room.copy)
    first, _, third = (room.line("bob", text) for text in ("one", "two", "three"))
    intake.greeted(greeting(third.end))
    assert [one.said and one.said.text for one in intake.keep([first, third])] == ["one", "three"]
    assert room.copy.is_start(room.copy.end - len(third.raw))
