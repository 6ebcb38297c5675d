"""Attention: what comes while nobody looks is unread, and it is marked where that began."""

from pathlib import Path

import pytest

from papayachat.chat import attention
from papayachat.chat.attention import Attention
from papayachat.disk.seen import Seen
from tests.papayachat.chat.conversation import Conversation


@pytest.fixture
def room(tmp_path: Path) -> Conversation:
    return Conversation(tmp_path)


def somebody(room: Conversation, directory: Path) -> Attention:
    return Attention(room.copy, room.timeline, room.view, Seen(directory))


def test_who_touched_a_key_has_seen_what_comes(room: Conversation, tmp_path: Path) -> None:
    alice = somebody(room, tmp_path)
    alice.touch()
    alice.heard(room.say("bob", "hello"))
    assert (alice.unread, room.timeline.mark) == (0, None)


def test_without_the_focus_it_is_unread_from_the_first_on(
    room: Conversation, tmp_path: Path
) -> None:
    alice = somebody(room, tmp_path)
    alice.touch()
    alice.focused = False
    first = room.say("bob", "hello")
    alice.heard(first)
    alice.heard(room.say("bob", "are you there?"))
    assert (alice.unread, room.timeline.mark) == (2, first)
    alice.touch()
    assert (alice.unread, room.timeline.mark) == (0, first)


def test_after_a_while_without_a_key_nobody_is_there(
    room: Conversation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = somebody(room, tmp_path)
    alice.touch()
    monkeypatch.setattr(attention, "AWAY_SECONDS", -1.0)
    alice.heard(room.say("bob", "hello"))
    assert alice.unread == 1


def test_what_is_below_a_view_that_was_moved_up_stays_unread(
    room: Conversation, tmp_path: Path
) -> None:
    alice = somebody(room, tmp_path)
    for number in range(20):
        room.say("bob", f"line {number}")
    room.view.scroll(-5)
    alice.touch()
    alice.heard(room.say("bob", "the last"))
    alice.touch()
    assert alice.unread == 1


def test_the_next_time_others_messages_since_then_are_marked(
    room: Conversation, tmp_path: Path
) -> None:
    alice = somebody(room, tmp_path)
    room.say("bob", "seen")
    alice.touch()
    alice.save()
    room.say("alice", "from my telephone")
    first = room.say("bob", "not seen")
    room.say("*", "join carol")
    later = somebody(room, tmp_path)
    later.recall("alice")
    assert (later.unread, room.timeline.mark) == (1, first)
