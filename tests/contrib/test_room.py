"""contrib/room.sh: from nothing to a conversation, and nothing left of it."""

import json
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from select import select
from time import monotonic

import pytest

from tests.test_project import ROOT

PATIENCE = 20.0  # seconds; a step takes a fraction of one

pytestmark = pytest.mark.skipif(
    not (Path(sys.prefix) / "bin/papayad").exists(), reason="the programs are not installed"
)


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """What a checkout has after `make venv`; its room ends with the test."""
    (tmp_path / "contrib").mkdir()
    shutil.copy(ROOT / "contrib/room.sh", tmp_path / "contrib/room.sh")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    yield tmp_path
    room(tmp_path, "stop")
    outside = (tmp_path / ".papaya").resolve()
    room(tmp_path, "remove")
    assert not (tmp_path / ".papaya").exists()
    assert not outside.exists()


def room(checkout: Path, *words: str, lines: str = "") -> str:
    """Run room.sh without a terminal; returns its output."""
    done = subprocess.run(
        [checkout / "contrib/room.sh", *words],
        input=lines,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd="/",
        timeout=PATIENCE,
    )
    return done.stdout


class Terminal:
    """room.sh in a terminal of its own."""

    def __init__(self, checkout: Path, *words: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [checkout / "contrib/room.sh", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd="/",
            start_new_session=True,
        )
        os.close(slave)
        self._seen = b""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait_for(self, pattern: str) -> None:
        deadline = monotonic() + PATIENCE
        while not re.search(pattern.encode(), self._seen):
            ready, _, _ = select([self._master], [], [], max(0.0, deadline - monotonic()))
            assert ready, f"{pattern} is not in {self._seen.decode()}"
            self._seen += os.read(self._master, 65536)

    def close(self) -> None:
        self.type("\x04")
        self.process.wait(PATIENCE)
        os.close(self._master)


def test_without_a_terminal_it_shows_itself(checkout: Path) -> None:
    shown = room(checkout, "run")
    assert re.search(r"Z \S+ \S+ hello, guest\n", shown)
    assert re.search(r"papayachat join 'papaya://guest:[0-9a-f]{128}@127\.0\.0\.1:\d+/main#", shown)
    titles = re.findall(r"^(\S+) .* papayad\[main\]: (.*)$", shown, re.MULTILINE)
    assert [title.split()[0].split("@")[0] for _, title in titles].count("guest") == 2
    assert titles[0][1].startswith("acceptor 127.0.0.1:")
    assert "root" not in {user for user, _ in titles}


def test_nobody_is_left_in_it_when_it_returns(checkout: Path) -> None:
    room(checkout, "run")
    arguments = [".venv/bin/papayactl", "--config", ".papaya/main.toml", "--json", "list"]
    listed = subprocess.run(arguments, cwd=checkout, capture_output=True, check=True)
    assert json.loads(listed.stdout) == []


def test_the_second_time_it_is_the_same_room_and_the_same_invite(checkout: Path) -> None:
    first = room(checkout, "run")
    room(checkout, "stop")
    again = room(checkout, "run")
    invite = re.compile(r"papaya://\S+")
    assert invite.findall(first) == invite.findall(again) != []
    assert again.count("hello, guest\n") == 2
    names = (checkout / ".papaya/tokens").read_text().splitlines()[1:]
    assert len(names) == 2


def test_two_terminals_talk(checkout: Path) -> None:
    first = Terminal(checkout, "run")
    first.wait_for("in main as ")
    second = Terminal(checkout, "join", "guest")
    second.wait_for("in main as guest")
    first.type("one\n")
    second.wait_for(r"> one\r\n")
    second.type("two\n")
    first.wait_for(r"<guest> two\r\n")
    second.close()
    first.close()
    assert first.process.returncode == 0


def test_secrets_are_private(checkout: Path) -> None:
    room(checkout, "run")
    invites = list((checkout / ".papaya/invites").iterdir())
    assert len(invites) == 2
    assert {path.stat().st_mode & 0o777 for path in invites} == {0o600}


def test_a_port_that_is_taken_is_passed_over(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        shown = room(checkout, "run")
    made = re.search(r"made a room on 127\.0\.0\.1:(\d+)", shown)
    assert made is not None
    assert int(made[1]) > port


def test_to_stop_what_does_not_run_is_no_failure(checkout: Path) -> None:
    assert room(checkout, "stop") == "papaya: no room here\n"
