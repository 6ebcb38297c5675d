"""The finder: a search goes on from where it was; a filtered view shows what matches."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from papayachat.chat.entry import END
from papayachat.chat.finder import Finder
from papayachat.disk import scan, search
from papayachat.disk.search import Query
from papayad.errors import Fault
from tests.papayachat.chat.conversation import Conversation


class Alone:
    """A finder whose scans answer when they are let."""

    def __init__(self, room: Conversation) -> None:
        self.room = room
        self.missed = 0
        self._asked: list[tuple[Query, int, int]] = []
        self._query = Query("")
        self.finder = Finder(room.timeline, room.view, self._start, self._miss)

    def _start(self, query: Query) -> "Alone":
        self._query = query
        return self

    def _miss(self) -> None:
        self.missed += 1
        self.finder.give_up()

    def ask(self, low: int, high: int) -> None:
        self._asked.append((self._query, low, high))

    def close(self) -> None:
        self._asked.clear()

    def answer(self) -> None:
        while self._asked:
            query, low, high = self._asked.pop(0)
            lines = scan.scan(self.room.copy, query, low, high)
            wanted = [scan.parse(line) for line in lines if line[0] not in "-."]
            self.finder.found(wanted)
            self.finder.done()

    def texts(self) -> Iterator[str]:
        entry = self.room.timeline.before(END)
        while entry is not None:
            yield entry.text
            entry = self.room.timeline.before(entry.key)


@pytest.fixture
def alone(tmp_path: Path) -> Alone:
    room = Conversation(tmp_path)
    for number in range(30):
        room.say("bob", f"mango {number}" if number % 10 == 0 else f"line {number}")
    return Alone(room)


def test_a_search_goes_on_to_both_sides(alone: Alone) -> None:
    finder, look = alone.finder, alone.room.view
    finder.search(search.parse("mango"))
    assert finder.is_busy
    alone.answer()
    tops = [look.top_address()]
    for _ in range(2):
        finder.older()
        tops.append(look.top_address())
    assert tops == sorted(tops, reverse=True) and len(set(tops)) == 3
    assert (finder.number, finder.count) == (3, 3)
    finder.older()
    assert alone.missed == 1
    assert finder.newer() and finder.newer()
    assert look.top_address() == tops[0]
    assert not finder.newer()
    finder.end()
    assert finder.query is None and look.look.find is None


def test_what_is_found_while_somebody_waits_is_shown_at_once(alone: Alone) -> None:
    alone.finder.search(search.parse("mango"))
    alone.answer()
    for _ in range(2):
        alone.finder.older()
    newest = alone.room.say("bob", "mango again")
    alone.finder.extended(newest, alone.room.copy.end)
    alone.answer()
    assert (alone.finder.number, alone.finder.count) == (4, 4)


def test_nothing_found_is_said(alone: Alone) -> None:
    alone.finder.search(search.parse("papaya"))
    missed = [alone.missed]
    alone.answer()
    assert [*missed, alone.missed] == [0, 1]


def test_a_filtered_view_has_what_matches_and_then_everything_again(alone: Alone) -> None:
    alone.finder.filter(search.parse("mango"))
    assert alone.finder.filtered
    alone.answer()
    assert list(alone.texts()) == ["mango 20", "mango 10", "mango 0"]
    alone.finder.end()
    assert next(alone.texts()) == "line 29" and not alone.finder.filtered


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("c++ (std", ["use C++ (std::move)"]),  # words are words
        ("std use", ["use C++ (std::move)"]),  # in any order
        ("carol", ["it is mine", "ask Carol"]),  # or who said it
        ("/^it .s/", ["it is mine"]),
        ("/IT/", ["it is mine"]),
        ("\u00c4rger", ["kein \u00e4RGER"]),
        ("/nothing/", []),
        ("join", []),  # what the server says is not searched
    ],
)
def test_what_matches(tmp_path: Path, wanted: str, found: list[str]) -> None:
    room = Conversation(tmp_path)
    for sender, text in (
        ("bob", "use C++ (std::move)"),
        ("carol", "it is mine"),
        ("*", "join carol"),
        ("dave", "ask Carol"),
        ("bob", "kein \u00e4RGER"),
    ):
        room.say(sender, text)
    alone = Alone(room)
    alone.finder.filter(search.parse(wanted))
    alone.answer()
    assert list(alone.texts()) == found[::-1]


@pytest.mark.parametrize("wanted", ["/(/", "", "   "])
def test_what_cannot_be_looked_for(wanted: str) -> None:
    with pytest.raises(Fault):
        search.parse(wanted)


def test_who_is_ignored_is_not_found(alone: Alone) -> None:
    alone.finder.search(search.parse("mango", frozenset({"bob"})))
    alone.answer()
    assert alone.finder.count == 0


def test_ranges_are_found_in_their_order_whatever_comes_first(alone: Alone) -> None:
    """What is fetched later stands before what was there."""
    end = alone.room.copy.end
    alone.finder.filter(search.parse("mango"))
    alone.answer()
    whole = list(alone.texts())
    line = list(alone.room.copy.lines())[15]
    alone.finder.end()
    alone.finder.filter(search.parse("mango"))
    alone.close()
    alone.finder.extended(line.offset, end)
    alone.answer()
    alone.finder.extended(0, line.offset)
    alone.answer()
    assert list(alone.texts()) == whole
