"""The finder: a search goes on from where it was; a filtered view shows what matches."""

import re
from pathlib import Path

import pytest

from papayachat.chat.entry import END
from papayachat.chat.finder import Finder
from tests.papayachat.chat.conversation import Conversation

FRUIT = re.compile("mango")


@pytest.fixture
def room(tmp_path: Path) -> Conversation:
    room = Conversation(tmp_path)
    for number in range(30):
        room.say("bob", f"mango {number}" if number % 10 == 0 else f"line {number}")
    return room


def test_a_search_goes_on_to_both_sides(room: Conversation) -> None:
    finder = Finder(room.timeline, room.view)
    tops = [finder.search(FRUIT) and room.view.top_address() for _ in range(3)]
    assert tops == sorted(tops, reverse=True)
    assert not finder.search(FRUIT)
    assert finder.search(FRUIT, back=False)
    assert room.view.top_address() == tops[1]
    assert finder.pattern is FRUIT
    finder.end()
    assert finder.pattern is None
    assert finder.search(FRUIT)
    assert room.view.top_address() == tops[0]


def test_a_filtered_view_has_what_matches_and_then_everything_again(room: Conversation) -> None:
    finder = Finder(room.timeline, room.view)
    finder.filter(FRUIT)
    assert finder.filtered == "mango"
    entry = room.timeline.before(END)
    texts = []
    while entry is not None:
        texts.append(entry.text)
        entry = room.timeline.before(entry.key)
    assert texts == ["mango 20", "mango 10", "mango 0"]
    finder.end()
    last = room.timeline.before(END)
    assert last is not None
    assert (last.text, finder.filtered) == ("line 29", "")
