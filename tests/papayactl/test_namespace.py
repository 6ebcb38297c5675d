"""papayad in another pid namespace, as in a container: a number means somebody else there."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.kit import CHECKOUT
from lab.kit.admin.ctl import ctl
from lab.kit.machine.pid_namespace import needs_pid_namespace
from lab.kit.room import Room, is_alive, wait_for
from papayad.state import groups
from tests.conftest import MakeRoom

pytestmark = needs_pid_namespace


@pytest.fixture
def contained(make_room: MakeRoom) -> Iterator[Room]:
    """A room whose processes are in a pid namespace of their own."""
    room = make_room(start=False)
    unshare = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]
    with (
        Path(room.directory, "stderr").open("ab") as errors,
        subprocess.Popen([*unshare, *room.command("--foreground")], stderr=errors) as process,
    ):
        wait_for(lambda: "listening on" in room.journal())
        yield room
        process.kill()


def test_papayactl_refuses_with_the_way_in(contained: Room) -> None:
    alice = contained.join("alice")
    alice.ping()
    for words in (["list"], ["wall", "hello"], ["kill", "--all", "--yes"], ["freeze", "alice"]):
        result = ctl(contained, *words)
        assert result.exit_code == 69, (words, result.output)
        assert "in another pid namespace" in result.stderr
        assert "enter it: nsenter -t " in result.stderr
    alice.ping()
    assert b"hello" not in alice.stream


def test_the_way_in_is_one(contained: Room) -> None:
    alice = contained.join("alice")
    alice.ping()
    way = ctl(contained, "list").stderr.partition("enter it: ")[2].split()
    assert way[-2:] == ["papayactl", "..."]
    done = subprocess.run(
        [
            *way[:-2],
            sys.executable,
            "-m",
            "papayactl",
            "--config",
            str(contained.path),
            "wall",
            "hello",
        ],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "said to 1 client\n"), done.stderr
    alice.read_until(b"* - notice hello\n")


def test_a_group_of_the_same_number_is_not_signalled(contained: Room) -> None:
    """It is ours, of the room's own user, and would die of the room's signal."""
    (name,) = [path.name for path in groups.directory(contained.state_dir).iterdir()]
    with subprocess.Popen(["sleep", "1000"], process_group=0) as stranger:
        path = groups.directory(contained.state_dir)
        (path / name).rename(path / str(stranger.pid))
        groups.announce(str(path), 0)
        assert is_alive(stranger.pid)
        (path / str(stranger.pid)).rename(path / name)
        stranger.kill()
