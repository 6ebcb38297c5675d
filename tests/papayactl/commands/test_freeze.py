"""`freeze` and `thaw`: never inside the log's lock, and nothing is lost."""

import fcntl
import os
import signal

import pytest

from lab.kit.admin.ctl import TALKATIVE, ctl, ctl_json, is_stopped
from lab.kit.admin.staged import StagedRoom
from lab.kit.room import ROOT, wait_for
from papayactl.state import lock
from papayad.errors import Fault
from papayad.formats.wire import Greeting, Hello, Refusal
from papayad.state import marks
from tests.conftest import MakeRoom


def test_both_stop_and_go_on(room: StagedRoom) -> None:
    alice, bob = room.client("alice"), room.client("bob")
    (changed,) = room.ctl_json("freeze", "alice")["clients"]
    assert changed["state"] == "frozen"
    assert is_stopped(alice.recv)
    assert is_stopped(alice.send)
    assert not is_stopped(bob.recv)
    assert [one["state"] for one in room.ctl_json("list")] == ["frozen", "running"]
    assert room.ctl_json("thaw", "alice")["clients"][0]["state"] == "running"
    assert not is_stopped(alice.recv)
    assert not is_stopped(alice.send)


def test_nobody_and_several(room: StagedRoom) -> None:
    assert room.ctl("freeze", "alice").exit_code == 3
    assert room.ctl("freeze").exit_code == 2
    room.client("alice")
    room.client("bob")
    assert room.ctl("freeze", "--all").exit_code == 2
    assert len(room.ctl_json("freeze", "--all", "--yes")["clients"]) == 2
    assert len(room.ctl_json("thaw", "--all")["clients"]) == 2


def test_a_lock_that_a_stopped_process_holds_is_told_of(room: StagedRoom) -> None:
    room.client("alice")
    with (room.settings.state_dir / "committed").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Fault) as caught, lock.exclusive(room.settings, 0.05):
            raise AssertionError
    assert caught.value.code == 75
    assert f"kill -CONT {os.getpid()}" in str(caught.value)


def test_no_client_is_stopped_inside_the_lock(make_room: MakeRoom) -> None:
    """While it talks as fast as it can: the lock is free and the others go on, each time."""
    room = make_room(**TALKATIVE)
    talker, other = room.join("alice"), room.join("bob", last=0)
    room.entry("alice")
    for number in range(15):
        talker.send(b"".join(b"MSG a%d-%d x\n" % (number, one) for one in range(100)))
        assert ctl_json(room, "freeze", "alice")["clients"][0]["state"] == "frozen"
        lock.await_free(room.settings)
        other.send(b"MSG b%d still here\n" % number)
        other.read_until(b" bob b%d still here\n" % number)
        assert ctl_json(room, "thaw", "alice")["clients"][0]["state"] == "running"
    talker.ping()
    log = room.log()
    for number in range(15):
        for one in range(100):
            assert log.count(b" alice a%d-%d x\n" % (number, one)) == 1
    assert talker.records() in log


def test_a_frozen_user_is_refused_until_thaw(make_room: MakeRoom) -> None:
    room = make_room()
    alice = room.join("alice")
    bob = room.join("bob")
    entry = room.entry("alice")
    said = ctl_json(room, "freeze", "--user", "alice")
    assert said["refused"] == ["alice"]
    assert [one["state"] for one in said["clients"]] == ["frozen"]
    mark = marks.frozen(room.state_dir) / "alice"
    assert mark.stat().st_uid == room.state_dir.stat().st_uid
    answer = room.peer().hello(Hello(room.token("alice")))
    assert isinstance(answer, Refusal)
    assert answer.reason == "frozen"
    bob.send(b"MSG b1 meanwhile\n")
    bob.ping()
    assert ctl_json(room, "thaw", "alice") == {
        "clients": [
            {
                "user": "alice",
                "peer": entry.peer,
                "recv": entry.recv,
                "send": entry.send,
                "state": "running",
            }
        ],
        "refused": [],
    }
    alice.read_until(b" bob b1 meanwhile\n")
    assert isinstance(room.peer().hello(Hello(room.token("alice"))), Greeting)


def test_a_user_without_a_token_is_a_mistake(room: StagedRoom) -> None:
    assert room.ctl("freeze", "--user", "nobody-knows").exit_code == 1
    assert room.ctl("freeze", "--user", "../etc").exit_code == 1
    assert room.ctl("thaw", "--user", "../etc").exit_code == 1


def test_a_frozen_user_without_clients_can_be_thawed(room: StagedRoom) -> None:
    room.ctl("token", "add", "alice")
    assert room.ctl("freeze", "--user", "alice").exit_code == 0
    assert room.ctl("thaw", "--all").exit_code == 0
    assert room.ctl_json("freeze", "--user", "alice")["refused"] == ["alice"]
    assert room.ctl_json("thaw", "--user", "alice")["refused"] == []


def test_a_frozen_client_can_be_killed(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    room.entry("alice")
    ctl(room, "freeze", "alice")
    (outcome,) = ctl_json(room, "kill", "alice")
    assert (outcome["ended"], outcome["signal"]) == (True, signal.SIGKILL.name)


def test_wall_is_a_notice_that_everybody_gets(make_room: MakeRoom) -> None:
    room = make_room()
    alice = room.join("alice")
    room.entry("alice")
    assert ctl_json(room, "wall", "back", "at\x1b 5\n pm")["clients"] == 1
    alice.read_until(" * - notice back at 5\u2028 pm\n".encode())
    assert ctl(room, "wall", input="from stdin\n").exit_code == 0
    alice.read_until(b" * - notice from stdin\n")
    assert ctl(room, "wall", "\x07").exit_code == 2
    assert ctl(room, "wall", "x" * 9000).exit_code == 2
    owners = {path.stat().st_uid for path in room.state_dir.rglob("*")}
    assert owners == {room.state_dir.stat().st_uid}
    if ROOT:
        assert os.geteuid() == 0


def test_wall_rotates_as_the_service_does(make_room: MakeRoom) -> None:
    """The segment that papayactl makes is the service's: papayad goes on in it."""
    room = make_room(chatlog={"segment_bytes": 256})
    alice = room.join("alice")
    for number in range(6):
        ctl(room, "wall", f"{number} " + "x" * 100)
    alice.send(b"MSG a1 mine\n")
    alice.read_until(b" alice a1 mine\n")
    wait_for(lambda: len(list(room.state_dir.glob("*.log"))) > 3)
    owners = {path.stat().st_uid for path in room.state_dir.rglob("*")}
    assert owners == {room.state_dir.stat().st_uid}
