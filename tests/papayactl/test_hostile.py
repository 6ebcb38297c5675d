"""papayactl in a state directory full of what a client's process might leave there.

Each command says what is wrong in words that are harmless to look at, and its JSON is exact.
"""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress

import pytest

from lab.kit import CHECKOUT, hostile
from lab.kit.admin.ctl import Result, ctl
from lab.kit.admin.staged import StagedRoom
from lab.kit.room import is_alive
from papayad.formats.harmless import harmless
from papayad.log import segments
from tests.conftest import MakeRoom
from tests.papayactl.schemas import SCHEMAS

OWN = ("init", "completion", "log export", "acceptor start", "acceptor restart")  # other places
LINES = ("log cat", "log tail")


def assert_harmless(result: Result) -> None:
    assert harmless(result.output.replace("\n", "")).replace("\t", "").isprintable()


def test_every_command_goes_on(make_room: MakeRoom) -> None:
    room = make_room(limits={"penalty_exempt": []})
    for user in ("alice", "bob"):
        room.join(user, session="phone").ping()
        room.entry(user)
    stranger = subprocess.Popen(["sleep", "1000"], process_group=0)
    with stranger, hostile.planted(room.state_dir, stranger.pid):
        for command, arguments, _ in SCHEMAS:
            if command in OWN:
                continue
            for words in (command.split(), ["--json", *command.split()]):
                result = ctl(room, *words, *arguments)
                assert result.is_told, (words, result.output)
                assert_harmless(result)
                assert is_alive(stranger.pid), words
                if "--json" in words and result.stdout and command not in LINES:
                    json.loads(result.stdout)
            if not room.acceptor():
                room.start()
                for user in ("alice", "bob"):
                    room.join(user, session="phone").ping()
                    room.entry(user)
        stranger.kill()


def test_doctor_tells_of_them_and_pastes_nothing(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    room.entry("alice")
    with hostile.planted(room.state_dir, 1):
        result = ctl(room, "doctor")
        assert "nobody's, and left alone" in result.stdout
        for line in result.stdout.splitlines():
            if "->" in line:
                assert "curl" not in line, line


TEXT = "\x1b]52;c;ZXZpbA==\x07\x1b[2J\u202egnp\u2028\u200bz \U0001f600"


@pytest.fixture
def talked(room: StagedRoom) -> StagedRoom:
    """A room whose log has what no server would write."""
    line = f"2026-11-22T21:53:01.123456Z alice k3x9 {TEXT}\n".encode()
    (room.settings.state_dir / segments.name(0)).write_bytes(line)
    (room.settings.state_dir / "committed").write_text(f"{len(line):020d}\n")
    return room


def test_a_record_is_exact_for_a_program(talked: StagedRoom) -> None:
    (line,) = talked.ctl("log", "tail", "--format", "jsonl").stdout.splitlines()
    assert json.loads(line)["text"] == TEXT
    assert harmless(line) == line
    assert TEXT in talked.ctl("log", "cat").stdout


@pytest.mark.parametrize("form", ["text", "csv", "jsonl"])
@pytest.mark.parametrize("charset", ["utf-8", "iso8859-15"])
def test_a_record_is_harmless_on_a_terminal(talked: StagedRoom, form: str, charset: str) -> None:
    """Also on one that has not all of the characters: nothing ends in a traceback."""
    for command in ("tail", "cat"):
        said = on_terminal(talked, charset, "log", command, "--format", form)
        assert "Traceback" not in said
        assert "alice" in said
        assert harmless(said.replace("\r\n", "")).isprintable()


def on_terminal(room: StagedRoom, charset: str, *words: str) -> str:
    """What a terminal of that charset gets."""
    own, other = pty.openpty()
    command = [sys.executable, "-m", "papayactl", "--config", str(room.settings.path), *words]
    with subprocess.Popen(
        command,
        cwd=CHECKOUT,
        stdout=other,
        stderr=other,
        env=os.environ | {"PYTHONIOENCODING": charset},
    ):
        os.close(other)
        said = b""
        with suppress(OSError):  # EIO: nobody has the terminal open any more
            while data := os.read(own, 4096):
                said += data
    os.close(own)
    return said.decode(charset)
