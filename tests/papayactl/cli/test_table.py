"""Tables: golden output at 80 and 160 columns, and in a pipe."""

import pyte

from papayactl.cli import table
from papayactl.cli.table import Column
from papayactl.look import columns
from papayactl.look.clients import Look
from papayactl.system.connections import Connection
from papayactl.system.process import Process
from papayad.state.roster import Entry

ALICE = Look(
    Entry("1", "alice", "203.0.113.7:51234", 1000.0, 4700, "s", "948f7b77", True, 4711, 4712),
    8200.0,
    Process(4711, 1, 4700, "sleeping"),
    Process(4712, 4711, 4700, "sleeping"),
    36_000_000_000,
    Connection("192.0.2.1:7722", "203.0.113.7:51234", 1, 0, 0, 2048, 5_000_000, 0.0213, 0),
    3_000_000,
    123_456,
    True,
)
BOB = Look(
    Entry("2", "bob", "[2001:db8:1:2:3:4:5:6]:51234", 8190.0, 4700, recv=5000, send=5001),
    8200.0,
    Process(5000, 1, 4700, "stopped"),
    Process(5001, 5000, 4700, "sleeping"),
    31_000_000,
)
WIDE = """\
CLIENT                            RECV  SEND    AGE  STATE    CPU%   TIME   PSS    IN   OUT   LAG\
  GENERATION
alice@203.0.113.7:51234           4711  4712  2h00m  blocked   0.5  36.0s  2.9M  2.0K  4.8M  121K\
        4700
bob@[2001:db8:1:2:3:4:5:6]:51234  5000  5001    10s  frozen    0.3  0.03s     -     -     -     -\
        4700
"""
NARROW = """\
CLIENT                            RECV  SEND    AGE  STATE    CPU%   PSS   LAG
alice@203.0.113.7:51234           4711  4712  2h00m  blocked   0.5  2.9M  121K
bob@[2001:db8:1:2:3:4:5:6]:51234  5000  5001    10s  frozen    0.3     -     -
"""


def shown(width: int | None, heading: bool = True) -> str:
    headings = [columns.FIELDS[name].column for name in columns.DEFAULT]
    rows = [columns.render(look, columns.DEFAULT) for look in (ALICE, BOB)]
    return "\n".join(table.lines(headings, rows, width, heading)) + "\n"


def test_at_160_columns() -> None:
    assert shown(160) == WIDE
    assert shown(None) == WIDE


def test_at_80_columns() -> None:
    assert shown(80) == NARROW


def test_without_headings() -> None:
    assert len(shown(None, heading=False).splitlines()) == 2


def test_a_cell_is_shortened_when_no_column_can_go() -> None:
    lines = table.lines([Column("NAME"), Column("N", True)], [["a" * 50, "1"]], 20)
    assert lines == ["NAME               N", "a" * 16 + "…  1"]


def test_nothing_is_no_table() -> None:
    assert table.lines(["A"], [], 80) == []


def test_sorted_numbers_fall_and_texts_rise() -> None:
    def order(name: str) -> list[str]:
        return [look.entry.user for look in columns.sort([ALICE, BOB], name)]

    assert order("cpu") == ["alice", "bob"]
    assert order("-cpu") == ["bob", "alice"]
    assert order("client") == ["alice", "bob"]
    assert order("-lag") == order("lag") == ["alice", "bob"]  # what is not known comes last


def test_cells_are_those_of_a_terminal() -> None:
    """By an emulator: what follows stands below each other, whatever was before it."""
    rows = [("日本語", "1"), ("e\u0301", "2"), ("alice", "3"), ("\x1b[2J\tx", "4")]
    screen = pyte.Screen(40, 10)
    pyte.Stream(screen).feed("\r\n".join(table.lines(("WHO", "NUMBER"), rows, 40)))
    heads = [
        [column for column in range(40) if screen.buffer[line][column].data == head]
        for line, head in enumerate("N1234")
    ]
    assert len(heads[0]) == 1
    assert heads == [heads[0]] * 5


def test_a_shortened_cell_has_no_half_character() -> None:
    (line,) = table.lines(("A", "B"), [("日本語日本語日本語", "x")], 14, heading=False)
    assert line == "日本語日本…  x"
