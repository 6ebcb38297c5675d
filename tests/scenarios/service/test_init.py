"""papayad as PID 1 of a container that has no init: people are woken there as everywhere."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.kit.machine import kernel
from lab.kit.machine.pid_namespace import needs_pid_namespace
from lab.kit.room import PATIENCE, Room, wait_for
from papayad.formats.wire import Greeting, Hello
from tests.conftest import MakeRoom

pytestmark = needs_pid_namespace


@contextmanager
def container(room: Room, *leader: str) -> Iterator["subprocess.Popen[bytes]"]:
    """papayad as PID 1 of a pid namespace; the kernel ends what it leaves."""
    room.is_elsewhere = True
    words = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *leader]
    with (room.directory / "stderr").open("ab") as errors:
        process = subprocess.Popen(
            [*words, *room.command("--foreground")], stdin=subprocess.DEVNULL, stderr=errors
        )
    try:
        wait_for(lambda: "listening on" in room.journal() or process.poll() is not None)
        yield process
    finally:
        for first in kernel.children(process.pid) if process.poll() is None else ():
            os.kill(first, signal.SIGKILL)
        process.wait(PATIENCE)


def join(room: Room, user: str) -> None:
    """Without a look at the room's entries: pids of theirs are a stranger's here."""
    assert isinstance(room.peer().hello(Hello(room.token(user))), Greeting)


@pytest.mark.parametrize("leader", [(), ("setsid",)], ids=["no leader", "session leader"])
def test_everybody_is_woken(make_room: MakeRoom, leader: tuple[str, ...]) -> None:
    assert leader == () or shutil.which(leader[0])
    room = make_room(start=False)
    room.token("alice"), room.token("bob")
    with container(room, *leader) as process:
        (first,) = kernel.children(process.pid)
        join(room, "alice")
        join(room, "bob")
        alice, bob = room.peers
        alice.send(b"MSG - hello\n")
        bob.read_until(b" alice - hello\n")
        assert [kernel.process_group(pid) for pid in kernel.children(first)] != [first]
        assert room.groups() != [1]
        os.kill(first, signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_the_dead_are_waited_for_and_a_death_is_passed_on(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    room.token("alice"), room.token("bob")
    with container(room) as process:
        (first,) = kernel.children(process.pid)
        (acceptor,) = kernel.children(first)
        join(room, "alice")
        join(room, "bob")
        recv = wait_for(lambda: kernel.children(acceptor))[0]  # alice's
        (orphan,) = wait_for(lambda: kernel.children(recv))
        os.kill(recv, signal.SIGKILL)
        room.peers[1].read_until(b"* - part alice\n")
        wait_for(lambda: not Path(f"/proc/{orphan}").exists())
        os.kill(acceptor, signal.SIGKILL)
        assert process.wait(PATIENCE) in (128 + signal.SIGKILL, -signal.SIGKILL)
