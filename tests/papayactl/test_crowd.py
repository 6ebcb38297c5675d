"""Many clients, an acceptor that is dead or frozen, two generations: everything works the same."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from lab.kit.admin.ctl import ctl, ctl_json, is_stopped
from lab.kit.room import Room, wait_for
from tests.conftest import MakeRoom

COUNT = 60
CROWD = {"limits": {"max_clients_per_user": COUNT, "max_pending_per_source": COUNT}}
LOOKS = (["list"], ["usage"], ["status"], ["metrics"], ["show", "--all"], ["top", "-b", "-n", "1"])


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: is_stopped(pid))
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def everything_works(room: Room, code: int = 0) -> None:
    """Every look, and freeze, thaw and kill of one of two users."""
    for words in LOOKS:
        expected = code if words == ["status"] else 0
        assert ctl(room, *words).exit_code == expected, words
    assert ctl_json(room, "freeze", "bob")["clients"][0]["state"] == "frozen"
    assert ctl_json(room, "thaw", "bob")["clients"][0]["state"] == "running"
    assert ctl_json(room, "kill", "bob")[0]["ended"]
    assert {one["user"] for one in ctl_json(room, "list")} == {"alice"}


def test_a_crowd(make_room: MakeRoom) -> None:
    room = make_room(**CROWD)
    for number in range(COUNT):
        room.join(f"user{number % 6}", session=f"s{number}", presence=False, last=0)
    wait_for(lambda: len(room.entries()) == COUNT)
    listed = ctl_json(room, "list")
    assert len(listed) == COUNT
    pids = {pid for one in listed for pid in (one["recv"], one["send"])}
    assert len(pids) == 2 * COUNT
    known = {entry.peer: (entry.recv, entry.send) for entry in room.entries()}
    assert {one["peer"]: (one["recv"], one["send"]) for one in listed} == known
    assert len(ctl(room, "list", "--sort", "pss").stdout.splitlines()) == COUNT + 1
    mine = ctl_json(room, "list", "user1", "user2")
    ended = ctl_json(room, "kill", "user1", "user2", "--yes")
    assert {one["peer"] for one in ended} == {one["peer"] for one in mine}
    assert len(mine) == COUNT // 3
    assert len(ctl_json(room, "list")) == COUNT - len(mine)


def test_without_an_acceptor(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice"), room.join("bob")
    room.entry("alice"), room.entry("bob")
    room.stop_acceptor(signal.SIGKILL)
    everything_works(room, 3)


def test_with_an_acceptor_that_is_stopped(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice"), room.join("bob")
    room.entry("alice"), room.entry("bob")
    with stopped(room.acceptor()):
        seen = ctl(room, "--json", "status")
        assert (seen.exit_code, json.loads(seen.stdout)["state"]) == (3, "frozen")
        everything_works(room, code=3)


def test_with_two_generations(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    first = room.entry("alice").group
    room.stop_acceptor()
    room.start()
    room.join("bob")
    second = room.entry("bob").group
    seen = {one["user"]: one["generation"] for one in ctl_json(room, "list")}
    assert seen == {"alice": first, "bob": second}
    assert ctl_json(room, "status")["earlier"] == 1
    assert "of an earlier acceptor" in ctl(room, "show", "alice").stdout
    everything_works(room)
