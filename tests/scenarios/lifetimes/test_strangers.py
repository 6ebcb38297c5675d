"""Nothing outside the room's groups is ever signalled (design section 5)."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lab.kit.machine.kernel import process_group
from lab.kit.processes import wait_until_gone
from lab.kit.room import PATIENCE, ROOT, Room, wait_for
from lab.kit.stranger import Stranger
from papayad.state import groups
from tests.conftest import MakeRoom

MakeStranger = Callable[..., Stranger]


@pytest.fixture
def make_stranger() -> Iterator[MakeStranger]:
    with ExitStack() as stack:

        def make(group: int = 0) -> Stranger:
            stranger = Stranger(group)
            stack.callback(stranger.close)
            return stranger

        yield make


def be_busy(room: Room) -> None:
    """All that the room has signals for: messages, notices, joins, parts, a death, a takeover."""
    bob = room.join("bob")
    for _ in range(3):
        alice = room.join("alice", session="laptop")
        alice.send(b"MSG - hello\n")
        alice.read_until(b" hello\n")
        bob.ping()
    entry = room.entry("alice")
    os.kill(entry.recv, signal.SIGKILL)
    wait_until_gone([entry.recv, entry.send])
    bob.send(b"WHO\n")
    bob.read_until(b"! online bob\n")


def test_a_number_whose_lock_is_free_may_be_anybodys(
    make_room: MakeRoom, make_stranger: MakeStranger
) -> None:
    """Guards: looking at the lock before each killpg."""
    room = make_room()
    stranger = make_stranger()
    stale = groups.directory(room.state_dir) / str(stranger.pid)
    stale.touch()
    if ROOT:
        shutil.chown(stale, room.settings.service.user)
    be_busy(room)
    assert stale.exists()
    assert stranger.signals() == 0
    room.stop_acceptor()
    room.start()
    assert not stale.exists()
    assert stranger.signals() == 0


def run_in_foreground(room: Room, group: int) -> "subprocess.Popen[bytes]":
    """papayad in a process group, held up before its start until it gets a line."""
    with Path(room.directory, "stderr").open("ab") as errors:
        return subprocess.Popen(
            ["/bin/sh", "-c", 'read line; exec "$@"', "sh", *room.command("--foreground")],
            stdin=subprocess.PIPE,
            stderr=errors,
            process_group=group,
        )


@pytest.mark.parametrize("leader", ["papayad", "stranger"])
def test_in_the_foreground_the_group_has_strangers(
    make_room: MakeRoom, make_stranger: MakeStranger, leader: str
) -> None:
    """Guards: leaving the group that it was started in."""
    room = make_room(start=False)
    strangers = [make_stranger()]
    process = run_in_foreground(room, 0 if leader == "papayad" else strangers[0].pid)
    group = process.pid if leader == "papayad" else strangers[0].pid
    strangers.append(make_stranger(group))
    assert process.stdin
    process.stdin.write(b"start\n")
    process.stdin.close()
    wait_for(room.acceptor)
    assert room.acceptor() == process.pid
    assert process_group(process.pid) != group == process_group(strangers[1].pid)
    be_busy(room)
    process.terminate()
    assert process.wait(PATIENCE) == 0
    assert [stranger.signals() for stranger in strangers] == [0, 0]
