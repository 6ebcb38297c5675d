"""`top`: what a key does, and the whole of it in a real terminal."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.kit.admin.ctl import ctl, is_stopped
from lab.kit.admin.staged import StagedRoom
from lab.kit.room import Room, is_alive, wait_for
from lab.kit.terminal.tmux import Terminal
from papayactl.look import clients
from papayactl.look.clients import Look
from papayactl.top import screen
from papayactl.top.board import Board
from tests.conftest import MakeRoom


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    made: list[Terminal] = []
    yield made
    for terminal in made:
        terminal.end()


def start(room: Room, terminals: list[Terminal], *words: str) -> Terminal:
    command = f"{sys.executable} -m papayactl --config {room.path} top {' '.join(words)}"
    terminal = Terminal(str(room.directory / "tmux"), 80, 24, command)
    terminals.append(terminal)
    return terminal


def board(room: StagedRoom, *, sort: str = "client") -> Board:
    made = Board(room.settings, sort=sort)
    made.refresh(20)
    return made


def test_keys_are_what_terminals_send() -> None:
    text = "q\x1b[A\x1bOB\x1b[5~\x1b[6~\r\x7f\x1b"
    names = ["q", "up", "down", "pageup", "pagedown", "enter", "backspace", "escape"]
    assert screen.keys(text) == names


def test_a_question_comes_before_a_kill(room: StagedRoom) -> None:
    alice, bob = room.client("alice"), room.client("bob")
    shown = board(room)
    shown.press("k")
    assert "choose a client" in shown.message
    shown.press("down")
    shown.press("down")
    shown.press("k")
    assert shown.lines(80, 24)[0][2].startswith("kill bob@")
    shown.press("n")
    assert shown.message == "nothing was done"
    assert is_alive(bob.recv)
    shown.press("k")
    shown.press("y")
    assert "ended by SIGTERM" in shown.message
    assert not is_alive(bob.send)
    assert is_alive(alice.send)


def test_who_left_while_the_question_stood_is_nobody_else(room: StagedRoom) -> None:
    alice = room.client("alice")
    bob = room.client("bob")
    shown = board(room)
    shown.press("down")
    shown.press("k")
    alice.holder.kill()
    alice.holder.wait()
    wait_for(lambda: not is_alive(alice.send))
    shown.refresh(20)
    shown.press("y")
    assert shown.message == "nothing was done"
    assert is_alive(bob.recv)


def test_freeze_and_thaw(room: StagedRoom) -> None:
    alice = room.client("alice")
    shown = board(room)
    for key in ("down", "f", "y"):
        shown.press(key)
    assert is_stopped(alice.recv)
    shown.refresh(20)
    shown.press("f")
    assert shown.question.startswith("thaw alice@")
    shown.press("y")
    assert not is_stopped(alice.recv)


def test_filter_and_sort(room: StagedRoom) -> None:
    for name in ("alice", "bob", "carol"):
        room.client(name)
    shown = board(room)
    for key in ("/", *"b* carolx", "backspace", "enter"):
        shown.press(key)
    shown.refresh(20)
    assert [look.entry.user for look in shown.rows] == ["bob", "carol"]
    shown.press("r")
    shown.refresh(20)
    assert [look.entry.user for look in shown.rows] == ["carol", "bob"]
    for key in ("/", *"No/Selector", "enter"):
        shown.press(key)
    assert "selector" in shown.message
    shown.press("escape")
    shown.refresh(20)
    assert len(shown.rows) == 3
    for _ in range(8):
        shown.press("s")
        shown.refresh(20)
    assert shown.sort == "client"


def test_only_the_visible_rows_cost_more(room: StagedRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        room.client(f"user{number}")
    looked: list[str] = []
    whole = clients._closer

    def closer(state_dir: Path, look: Look, end: int | None, pss: bool) -> Look:
        looked.append(look.entry.user)
        return whole(state_dir, look, end, pss)

    monkeypatch.setattr(clients, "_closer", closer)
    shown = Board(room.settings, sort="client")
    shown.refresh(2)
    assert looked == ["user0", "user1"]
    looked.clear()
    shown.press("end")
    shown.refresh(2)
    assert looked == ["user4", "user5"]
    looked.clear()
    shown.sort = "pss"
    shown.refresh(2)
    assert len(looked) == 6


def test_an_empty_room(room: StagedRoom) -> None:
    shown = board(room)
    lines, chosen = shown.lines(80, 24)
    assert (len(lines), chosen) == (24, None)
    assert "nobody is here" in lines
    assert "no acceptor" in lines[0]
    for key in ("down", "up", "end", "k", "q"):
        shown.press(key)
    assert shown.done


def test_batch(room: StagedRoom) -> None:
    room.client("alice")
    out = room.ctl("top", "--batch", "-n", "2", "-d", "0.05").stdout
    assert out.count("papaya main: ") == 2
    assert out.count("\nalice@") == 2
    assert "\x1b" not in out
    assert room.ctl("top").exit_code == 2
    assert room.ctl("top", "--batch", "--sort", "nonsense").exit_code == 2
    said = room.ctl("--json", "top", "--batch", "-n", "1").stdout
    assert json.loads(said)[0]["user"] == "alice"


@pytest.mark.skipif(not shutil.which("tmux"), reason="needs tmux")
def test_in_a_real_terminal(make_room: MakeRoom, terminals: list[Terminal]) -> None:
    room = make_room()
    for user in ("alice", "bob", "carol"):
        room.join(user)
        room.entry(user)
    terminal = start(room, terminals, "--sort", "client", "-d", "0.2")
    shown = terminal.shows("carol@")
    assert len(shown) == 24
    assert max(map(len, shown)) <= 80
    assert "GENERATION" not in shown[3]
    terminal.resize(150, 30)
    terminal.shows("GENERATION")
    assert len(terminal.screen()) == 30
    terminal.resize(80, 24)
    wait_for(lambda: "GENERATION" not in "\n".join(terminal.screen()))
    terminal.press("Down", "Down", "k")
    terminal.shows("kill bob@")
    victim = room.entry("bob")
    terminal.press("y")
    terminal.shows(" ended by SIGTERM")
    assert not is_alive(victim.send)
    wait_for(
        lambda: not [line for line in terminal.screen() if "bob@" in line and "running" in line]
    )
    terminal.press("Down", "f")
    terminal.shows("freeze ")
    terminal.press("y")
    terminal.shows(" is frozen")
    terminal.shows("1 frozen")
    assert ctl(room, "thaw", "--all").exit_code == 0
    terminal.press("q")
    wait_for(lambda: not terminal.tmux("list-sessions"))


@pytest.mark.skipif(not shutil.which("script"), reason="needs script(1)")
def test_no_colour_where_none_is_wanted(make_room: MakeRoom) -> None:
    """NO_COLOR in a terminal: a table without a single escape."""
    room = make_room()
    room.join("alice")
    room.entry("alice")
    out = room.directory / "out"
    script = f"script -qec '{sys.executable} -m papayactl --config {room.path} list' {out}"
    environment = os.environ | {"NO_COLOR": "1", "COLUMNS": "80"}
    subprocess.run(script, shell=True, env=environment, check=True, capture_output=True)
    lines = [line for line in out.read_text().splitlines() if not line.startswith("Script ")]
    assert "\x1b" not in "".join(lines)
    assert max(map(len, lines)) <= 80
    environment.pop("NO_COLOR")
    subprocess.run(script, shell=True, env=environment, check=True, capture_output=True)
    assert "\x1b[1mCLIENT" in out.read_text()
