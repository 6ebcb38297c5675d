"""scripts/room.sh: from nothing to a conversation, and nothing left of it."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.kit import CHECKOUT
from lab.kit.room import PATIENCE, free_port
from lab.kit.terminal.emulator import Emulator

pytestmark = pytest.mark.skipif(
    not (Path(sys.prefix) / "bin/papayad").exists(), reason="the programs are not installed"
)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What a checkout has after `make venv`; its room ends with the test."""
    monkeypatch.setenv("PORT", str(free_port()))
    (tmp_path / "scripts").mkdir()
    shutil.copy(CHECKOUT / "scripts/room.sh", tmp_path / "scripts/room.sh")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    yield tmp_path
    room(tmp_path, "stop")
    outside = (tmp_path / ".papaya").resolve()
    room(tmp_path, "remove")
    assert not (tmp_path / ".papaya").exists()
    assert not outside.exists()


def room(checkout: Path, *words: str, lines: str = "") -> str:
    """Run room.sh without a terminal; returns its output. Nothing of it outlives a failure."""
    command = [str(checkout / "scripts/room.sh"), *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, text=True, cwd="/", start_new_session=True
    ) as script:
        try:
            shown: str = script.communicate(lines, PATIENCE)[0]
        except BaseException:
            os.killpg(script.pid, signal.SIGKILL)
            raise
    assert script.returncode == 0, shown
    return shown


def test_without_a_terminal_it_shows_itself(checkout: Path) -> None:
    shown = room(checkout, "run")
    assert re.search(r"Z \S+ \S+ hello, guest\n", shown)
    invite = r"papayachat join +# and paste: papaya://guest:[0-9a-f]{128}@127\.0\.0\.1:\d+/main#"
    assert re.search(invite, shown)
    titles = re.findall(r"^(\S+) .* papayad\[main\]: (.*)$", shown, re.MULTILINE)
    assert [title.split()[0].split("@")[0] for _, title in titles].count("guest") == 2, shown
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
    script = (str(checkout / "scripts/room.sh"),)
    with Emulator("run", program=script) as first:
        first.sees("main", "1 here")
        with Emulator("join", "guest", program=script) as second:
            second.sees("main", "2 here")
            first.enter("one\r")
            second.sees("│ one")
            second.enter("two\r")
            first.sees("guest │ two")
            second.enter("/quit\r")
            assert second.wait() == 0
        first.enter("/quit\r")
        assert first.wait() == 0


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
