"""Looks: on a dark and a light background, with 256, 16 and no colours, and as a person chose."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from prompt_toolkit.output import ColorDepth

from lab.kit import CHECKOUT
from lab.kit.terminal.emulator import Emulator
from lab.kit.terminal.scripted import ScriptedRoom
from papayachat.screen import theme
from papayachat.screen.answers import Answers, background
from tests.papayachat.screen.test_screen import opened

WHITE, BLACK = "ffff/ffff/ffff", "0000/0000/0000"
DIM = re.compile(rb"\x1b\[(?:\d+;)*(?:90|2)(?:;\d+)*m")  # bright black, and faint


def colour_of(terminal: Emulator, text: str) -> str:
    """The text's colour, "" while it is not there: the screen may be half drawn."""
    if text not in terminal.text():
        return ""
    row = terminal.row_of(text)
    column = terminal.rows()[row].index(text)
    return str(terminal.screen.buffer[row][column].fg)


@pytest.mark.parametrize(("behind", "grey"), [(WHITE, "5f5f5f"), (BLACK, "9e9e9e"), ("", "9e9e9e")])
def test_the_terminal_says_what_is_behind(room: ScriptedRoom, behind: str, grey: str) -> None:
    room.commit("hello")
    with Emulator(background=behind, environment={"COLORFGBG": "15;0"}) as terminal:
        opened(room, terminal)
        terminal.until(lambda: colour_of(terminal, "21:53") == grey)
        terminal.enter("/set theme light\r")
        terminal.until(lambda: colour_of(terminal, "21:53") == "5f5f5f")


@pytest.mark.parametrize("term", ["xterm-256color", "xterm", "linux"])
def test_nothing_that_has_to_be_read_is_dim(room: ScriptedRoom, term: str) -> None:
    room.commit("hello")
    room.commit("notice down at noon", sender="*")
    room.commit("join carol", sender="*")
    with Emulator(environment={"TERM": term}) as terminal:
        peer = opened(room, terminal)
        terminal.enter("/help\rwaits\r")
        peer.message()
        terminal.sees("everything", "waits")
        assert DIM.search(terminal.raw) is None
        if term != "xterm-256color":
            assert b"38;5" not in terminal.raw and b"38;2" not in terminal.raw


@pytest.mark.parametrize(
    ("environment", "depth"),
    [
        ({"TERM": "xterm-256color"}, ColorDepth.DEPTH_8_BIT),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, ColorDepth.DEPTH_1_BIT),
        ({"TERM": "linux"}, ColorDepth.DEPTH_4_BIT),
        ({"TERM": "vt100"}, ColorDepth.DEPTH_1_BIT),
        ({"TERM": "vt100", "COLORTERM": "truecolor"}, ColorDepth.DEPTH_8_BIT),
        ({"TERM": "never-heard-of"}, ColorDepth.DEPTH_4_BIT),
    ],
)
def test_how_many_colours(environment: dict[str, str], depth: ColorDepth) -> None:
    """In a process of its own: curses reads about one terminal only."""
    code = f"from papayachat.screen import theme; print(theme.depth({environment}).name)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT
    )
    assert ran.stdout.strip() == depth.name


def test_colours_of_ones_own(room: ScriptedRoom, home: Path) -> None:
    path = home / "config" / "papaya" / "screen" / "theme"
    path.parent.mkdir()
    path.write_text("# mine\ntime = #ff8800\nnonsense = red\nsaid = very red\n")
    room.commit("hello")
    with Emulator() as terminal:
        opened(room, terminal)
        terminal.until(lambda: colour_of(terminal, "21:53") == "ff8700")
        terminal.sees("theme:3: names are", 'theme:4: "very red" is no style')


def test_every_style_can_be_drawn() -> None:
    for depth in ColorDepth:
        for ground in ("dark", "light"):
            theme.style(ground, depth)


class Typed:
    closed = False

    def __init__(self, *pieces: str) -> None:
        self._pieces = list(pieces)

    def read(self, count: int = 1024) -> str:
        return self._pieces.pop(0)


@pytest.mark.parametrize("end", ["\x07", "\x1b\\"])
def test_an_answer_in_pieces_is_one(end: str) -> None:
    answer = f"\x1b]11;rgb:{WHITE}{end}"
    for cut in range(2, len(answer)):
        told: list[str] = []
        reader = Answers(Typed(f"a{answer[:cut]}", f"{answer[cut:]}b"), told.append)
        assert reader.read() + reader.read() == "ab", cut
        assert told == ["light"]


def test_what_is_no_answer_was_typed() -> None:
    told: list[str] = []
    texts = ("\x1b", "\x1b]x", "\x1b]12;?\x07", "11;rgb:0/0/0", "\x1b]11;" + "y" * 200)
    for text in texts:
        assert Answers(Typed(text), told.append).read() == text
    assert told == []


@pytest.mark.parametrize(
    ("colour", "ground"),
    [("rgb:0/0/0", "dark"), ("rgb:ff/ff/e0", "light"), ("rgba:ffff/0/0/ffff", "dark"), ("red", "")],
)
def test_how_bright_a_colour_is(colour: str, ground: str) -> None:
    assert background(colour) == ground
