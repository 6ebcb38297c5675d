"""Draw docs/*.svg: the real papayachat in a terminal emulator, in a room that plays a script.

    python -m lab.screenshot             # screen.svg and search.svg, in docs/
    python -m lab.screenshot all DIR     # every view, on every kind of terminal, to be looked at

Needs what the tests need (`make venv-test`).
"""

import os
import re
import sys
import tempfile
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import pyte
from wcwidth import wcwidth

from lab.kit import CHECKOUT
from lab.kit.terminal.emulator import Emulator
from lab.kit.terminal.scripted import Peer, ScriptedRoom
from papayachat.disk import opened
from papayachat.disk import profile as profiles
from papayachat.disk.replica import Replica, directory
from papayachat.stream.cursor import Cursor
from papayad.formats import invite, record

COLUMNS, ROWS = 92, 27
CELL, LINE, SIZE, EDGE = 8.4, 18, 14, 14
GROUNDS = {"dark": ("#16181d", "#c9ccd3"), "light": ("#fafaf8", "#24292f")}
DARK = {
    "black": "#16181d",
    "red": "#e06c75",
    "green": "#98c379",
    "brown": "#d8b26a",
    "yellow": "#d8b26a",
    "blue": "#61afef",
    "magenta": "#c678dd",
    "cyan": "#56b6c2",
    "white": "#c9ccd3",
    "brightblack": "#6b7280",
    "brightred": "#ff7b85",
    "brightgreen": "#b5e08f",
    "brightbrown": "#ffd479",
    "brightyellow": "#ffd479",
    "brightblue": "#82c4ff",
    "brightmagenta": "#e39bf5",
    "brightcyan": "#7bd9e3",
    "brightwhite": "#ffffff",
}
LIGHT = DARK | {
    "black": "#24292f",
    "red": "#c33c3c",
    "green": "#2d7d2d",
    "brown": "#8a6300",
    "yellow": "#8a6300",
    "blue": "#2456b3",
    "magenta": "#8d3ba6",
    "cyan": "#157a86",
    "white": "#c9ccd3",
}

YESTERDAY, TODAY = "2026-11-21T", "2026-11-22T"
BEFORE = [
    (YESTERDAY, "16:40", "dora", "the new disk is in; md0 rebuilds until tonight"),
    (YESTERDAY, "16:42", "alice", "thanks! what was the command to watch it?"),
    (YESTERDAY, "16:42", "dora", "watch -n5 cat /proc/mdstat"),
    (YESTERDAY, "22:15", "*", "part dora"),
    (TODAY, "07:58", "*", "join dora"),
    (TODAY, "08:01", "*", "join bob"),
    (TODAY, "08:03", "*", "part bob"),
    (TODAY, "08:03", "*", "join bob"),
    (TODAY, "09:12", "bob", "\u65e9\u4e0a\u597d \u2600 the deploy of last night is red, log:"),
    (TODAY, "09:12", "bob", "https://ci.example.org/papaya/builds/4711/log"),
    (TODAY, "09:13", "alice", "looking"),
    (TODAY, "09:15", "alice", "it is the migration:\u2028    ALTER TABLE seats ADD COLUMN row int;"
     "\u2028    ERROR:  column \"row\" of relation \"seats\" already exists"),
    (TODAY, "09:16", "bob", "/me hides"),
]  # fmt: skip
AFTER = [
    (TODAY, "09:40", "dora", "alice: may I run it again without that one? \U0001f64f"),
    (TODAY, "09:41", "ci-bot", "build 4712 started by dora"),
    (TODAY, "09:46", "ci-bot", "build 4712 is green \U0001f7e2 (5 min 2 s)"),
    (TODAY, "09:47", "mallory", "free papayas \u202e\u2066gpj.exe\u2069 \x1b]0;gotcha\x07"),
]


def lines(said: list[tuple[str, str, str, str]]) -> bytes:
    return b"".join(
        record.render(f"{day}{clock}:00.000000Z", sender, "-", text)
        for day, clock, sender, text in said
    )


@dataclass(frozen=True)
class Kind:
    """A kind of terminal: its name, what is behind its text, and what it says of itself."""

    name: str
    ground: str = "dark"
    environment: dict[str, str] = field(default_factory=dict)


KINDS = [
    Kind("dark"),
    Kind("light", "light"),
    Kind("16", environment={"TERM": "xterm"}),
    Kind("16-light", "light", {"TERM": "xterm"}),
    Kind("none", environment={"NO_COLOR": "1"}),
]


def chat(terminal: Emulator, peer: Peer) -> None:
    terminal.enter("dora: yes, and then coffee")
    terminal.sees("coffee")


def search(terminal: Emulator, peer: Peer) -> None:
    terminal.enter("/search migration\r")
    terminal.sees("1 of 1")


def help_(terminal: Emulator, peer: Peer) -> None:
    terminal.enter("/help\r")
    terminal.sees("everything")


def offline(terminal: Emulator, peer: Peer) -> None:
    terminal.enter("this waits\r")
    peer.message()
    peer.room.stop_listening()
    peer.cut()
    terminal.sees("reconnecting")


VIEWS = {"screen": chat, "search": search, "help": help_, "offline": offline}


def draw(path: Path, view: str, kind: Kind) -> None:
    grounds = {"dark": "1616/1818/1d1d", "light": "fafa/fafa/f8f8"}
    with tempfile.TemporaryDirectory() as home, ScriptedRoom() as room, ScriptedRoom() as other:
        for name in ("CONFIG", "DATA", "STATE"):
            os.environ[f"XDG_{name}_HOME"] = f"{home}/{name}"
        profiles.save(profiles.make(invite.parse(other.invite), "ops", plain=True))
        profiles.save(profiles.make(invite.parse(room.invite), "main", plain=True))
        opened.save(["main", "ops"])
        before = lines(BEFORE)
        replica = Replica(directory("main"))
        replica.keep(Cursor(room.identity, 0), before)
        replica.close()
        (directory("main") / "seen").write_text(f"{room.identity} {len(before)}\n")
        room.log = before + lines(AFTER)
        ground = grounds[kind.ground]
        with Emulator(
            columns=COLUMNS, rows=ROWS, environment=kind.environment, background=ground
        ) as terminal:
            peer, there = room.greeted(), other.greeted()
            peer.line()
            peer.notice("online", "alice bob ci-bot dora mallory")
            terminal.sees("5 here", "gotcha")
            there.send(other.commit("the backup is late") + other.commit("alice: can you look?"))
            terminal.sees("2:ops(2!)")
            VIEWS[view](terminal, peer)
            path.write_text(svg(terminal.screen, kind.ground), "utf-8")


def colour(name: str, ground: str, default: str) -> str:
    """A colour of the emulator's as one of the picture's."""
    if re.fullmatch("[0-9a-f]{6}", name):
        return f"#{name}"
    return (DARK if ground == "dark" else LIGHT).get(name, default)


def svg(screen: pyte.Screen, ground: str = "dark") -> str:
    width, height = COLUMNS * CELL + 2 * EDGE, ROWS * LINE + 2 * EDGE
    body = [text for row in range(ROWS) for text in drawn_row(screen, row, ground)]
    font = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'font-family="{font}" font-size="{SIZE}">',
            f'<rect width="100%" height="100%" rx="8" fill="{GROUNDS[ground][0]}"/>',
            *body,
            "</svg>",
            "",
        ]
    )


def drawn_row(screen: pyte.Screen, row: int, ground: str) -> list[str]:
    """Draw runs of cells that look the same, each at its place and as long as its cells."""
    runs: list[tuple[int, int, str, tuple[str, ...]]] = []
    for column in range(COLUMNS):
        cell = screen.buffer[row][column]
        if not cell.data:
            continue  # the second half of a wide character
        cells = max(1, wcwidth(cell.data[0]))
        look = looks(cell, (screen.cursor.y, screen.cursor.x) == (row, column), ground)
        follows = bool(runs) and runs[-1][0] + runs[-1][1] == column and runs[-1][3] == look
        if follows and cells == 1 and len(runs[-1][2]) == runs[-1][1]:
            start, length, text, _ = runs[-1]
            runs[-1] = (start, length + 1, text + cell.data, look)
        else:
            runs.append((column, cells, cell.data, look))
    return [shape for run in runs for shape in drawn_run(row, *run)]


def looks(cell: "pyte.screens.Char", cursor: bool, ground: str) -> tuple[str, ...]:
    paper, ink = GROUNDS[ground]
    front, behind = colour(cell.fg, ground, ink), colour(cell.bg, ground, "none")
    if cell.reverse or cursor:
        front, behind = paper, front
    extra = ['font-weight="bold"'] if cell.bold else []
    extra += ['font-style="italic"'] if cell.italics else []
    extra += ['text-decoration="underline"'] if cell.underscore else []
    return (front, behind, *extra)


def drawn_run(row: int, column: int, cells: int, text: str, look: tuple[str, ...]) -> list[str]:
    front, behind, *extra = look
    x, y, width = EDGE + column * CELL, EDGE + row * LINE, cells * CELL
    shapes = []
    if behind != "none":
        shapes.append(
            f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{LINE}" fill="{behind}"/>'
        )
    if text.strip():
        shapes.append(
            f'<text x="{x:.1f}" y="{y + 13}" textLength="{width:.1f}" '
            f'lengthAdjust="spacingAndGlyphs" xml:space="preserve" fill="{front}" '
            f"{' '.join(extra)}>{escape(text)}</text>"
        )
    return shapes


def main(words: list[str]) -> None:
    if words[:1] == ["all"]:
        for kind in KINDS:
            for view in VIEWS:
                draw(Path(words[1]) / f"{view}-{kind.name}.svg", view, kind)
    else:
        draw(CHECKOUT / "docs" / "screen.svg", "screen", KINDS[0])
        draw(CHECKOUT / "docs" / "search.svg", "search", KINDS[1])


if __name__ == "__main__":
    main(sys.argv[1:])
