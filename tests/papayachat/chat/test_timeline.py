"""The model of the screen, without a terminal: the same rows from whichever side one comes."""

import random
import re
from pathlib import Path

import pytest
from wcwidth import wcswidth

from papayachat.chat.entry import END, Entry, Kind
from papayachat.chat.finder import Found
from papayachat.chat.layout import Look, rows
from papayachat.chat.moves import fold
from papayachat.chat.timeline import Timeline
from papayachat.chat.viewport import Viewport
from papayachat.disk.replica import Replica
from papayachat.disk.search import parse
from papayachat.stream.cursor import Cursor
from papayachat.stream.draft import Draft
from papayad.formats import record

LOG = "0" * 32
WORDS = [
    "a",
    "papaya",
    "你好你好",
    "cafe\u0301",
    "👨\u200d👩",
    "x" * 90,
    "\u202e",
    "-",
    "\u2028",
    "  ",
]


def said(dice: random.Random, at: float) -> bytes:
    if dice.random() < 0.4:
        move = f"{dice.choice(('join', 'part'))} {dice.choice(('bob', 'carol', 'dave'))}"
        return record.render(record.stamp(at), "*", "-", move)
    if dice.random() < 0.05:
        return b"\xff no record\n"
    text = " ".join(dice.choices(WORDS, k=dice.randrange(1, 20)))
    return record.render(record.stamp(at), dice.choice(("alice", "bob", "a" * 32)), "-", text)


class Marked:
    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern

    def spans(self, address: int, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in self._pattern.finditer(text)]


class Model:
    """A timeline with a bit of everything in it."""

    def __init__(self, path: Path, seed: int, count: int = 120) -> None:
        self.dice = random.Random(seed)
        self.replica = Replica(path)
        self.waiting = {"1": Draft("1", "one"), "2": Draft("2", "two\u2028more")}
        self.timeline = Timeline(self.replica, self.waiting, "alice")
        self.offset = 1000
        self.at = 1_800_000_000.0
        for _ in range(count):
            self.say()

    def say(self) -> None:
        self.at += self.dice.choice((1, 60, 30000))
        raw = said(self.dice, self.at)
        if self.dice.random() < 0.03:
            self.offset += 50  # something is missing
        address = self.replica.keep(Cursor(LOG, self.offset), raw)
        self.offset += len(raw)
        if self.dice.random() < 0.05:
            self.timeline.note(record.stamp(self.at), "a note")
        if self.dice.random() < 0.02:
            self.timeline.mark = address


def back(timeline: Timeline) -> list[Entry]:
    found: list[Entry] = []
    entry = timeline.before(END)
    while entry is not None:
        found.append(entry)
        entry = timeline.before(entry.key)
    return found[::-1]


def forth(timeline: Timeline) -> list[Entry]:
    found: list[Entry] = []
    entry = timeline.at((0, 0, 0))
    while entry is not None:
        found.append(entry)
        entry = timeline.after(entry)
    return found


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("joins", ["fold", "show", "hide"])
def test_both_ways_give_the_same(tmp_path: Path, seed: int, joins: str) -> None:
    model = Model(tmp_path, seed)
    model.timeline.joins = joins
    entries = forth(model.timeline)
    assert entries == back(model.timeline)
    assert all(model.timeline.at(entry.key) == entry for entry in entries)
    assert [entry.text for entry in entries[-2:]] == ["one", "two\u2028more"]
    texts = "".join(entry.text for entry in entries if entry.kind is Kind.SAID)
    lines = [line.record() for line in model.replica.lines()]
    assert texts == "".join(each.text for each in lines if each and each.sender != "*")


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("width", [20, 40, 60, 80, 133])
def test_no_row_is_too_wide(tmp_path: Path, seed: int, width: int) -> None:
    model = Model(tmp_path, seed, 40)
    look = Look(width, "alice", re.compile("papaya"), Marked(re.compile("a+")))
    for entry in forth(model.timeline):
        for row in rows(entry, look):
            assert wcswidth("".join(text for _, text, _ in row)) <= width


@pytest.mark.parametrize("seed", range(15))
def test_what_arrives_moves_nothing_that_is_in_sight(tmp_path: Path, seed: int) -> None:
    model = Model(tmp_path, seed)
    view = Viewport(model.timeline, Look(60, "alice"), 20)
    for _ in range(30):
        view.scroll(model.dice.randrange(-60, 40))
        before = view.visible()
        follows = view.follows
        model.waiting.clear()
        model.say()
        assert follows or view.visible()[:-1] == before[: len(view.visible()) - 1]
        assert len(view.visible()) == 20


@pytest.mark.parametrize("seed", range(10))
def test_up_and_down_again(tmp_path: Path, seed: int) -> None:
    model = Model(tmp_path, seed)
    view = Viewport(model.timeline, Look(50, "alice"), 15)
    every = [row for entry in forth(model.timeline) for row in rows(entry, view.look)]
    assert view.visible() == every[-15:]
    view.scroll(-7)
    assert view.visible() == every[-22:-7]
    view.scroll(-30)
    view.scroll(10)
    assert view.visible() == every[-42:-27]
    view.scroll(27)
    assert view.follows and view.visible() == every[-15:]
    view.to_start()
    assert view.visible() == every[:15]
    view.scroll(-5)
    assert view.at_top and view.visible() == every[:15]
    view.scroll(len(every))
    assert view.follows


def test_a_filter_and_a_floor(tmp_path: Path) -> None:
    model = Model(tmp_path, 3)
    only = Found(parse("papaya"))
    for line in model.replica.lines():
        if b"papaya" in line.raw:
            only.add([(line.offset, ())])
    model.timeline.only = only
    found = forth(model.timeline)
    assert found == back(model.timeline)
    assert found and all("papaya" in entry.text for entry in found)
    model.timeline.only = None
    model.waiting.clear()
    model.timeline.note(record.stamp(model.at), "cleared, too")
    model.timeline.clear()
    assert back(model.timeline) == forth(model.timeline)[:0]
    model.say()
    assert len([entry for entry in back(model.timeline) if entry.kind is not Kind.NOTE]) == 1


def test_folding_says_who_did_what_in_the_end() -> None:
    moves = [("join", "a"), ("part", "b"), ("join", "b"), ("join", "c"), ("part", "c")]
    assert (
        fold([*moves, ("part", "d")]) == "a joined; b left and came back; c came and left; d left"
    )
    assert fold(("join", f"x{number}") for number in range(14)).endswith("and 2 others joined")


def test_a_name_that_is_cut_says_so() -> None:
    entry = Entry((0, 1, 0), 10, Kind.SAID, "hello", "2026-11-22T21:53:01.000000Z", "b" * 32)
    for width in (30, 50, 70, 120):
        first = "".join(piece.text for piece in rows(entry, Look(width, "alice"))[0])
        assert "b\u2026" in first, first


def test_a_tabulator_goes_to_the_next_stop() -> None:
    entry = Entry((0, 1, 0), 10, Kind.SAID, "ab\tc\t\td", "2026-11-22T21:53:01.000000Z", "bob")
    (row,) = rows(entry, Look(80, "alice"))
    assert "".join(piece.text for piece in row).partition("\u2502 ")[2] == (
        "ab" + " " * 6 + "c" + " " * 15 + "d"
    )
