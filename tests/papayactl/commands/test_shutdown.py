"""`shutdown`: warned, planned, taken back, done."""

import os
import signal
import time
from datetime import datetime

from lab.kit.admin.ctl import ctl, ctl_json, is_stopped
from lab.kit.room import Room, is_alive, wait_for
from papayad.state import pidfile
from papayad.system.locks import is_held_at
from tests.conftest import MakeRoom


def waiter(room: Room) -> int:
    return int((room.state_dir / "shutdown").read_text().split()[0])


def test_now_it_warns_then_closes_then_ends_everybody(make_room: MakeRoom) -> None:
    room = make_room()
    peers = [room.join("alice"), room.join("bob")]
    for user in ("alice", "bob"):
        room.entry(user)
    acceptor = room.acceptor()
    said = ctl_json(room, "shutdown", "--message", "new disks")
    assert said["acceptor"] == acceptor
    assert [one["ended"] for one in said["clients"]] == [True, True]
    assert not is_alive(acceptor)
    for peer in peers:
        assert b" * - notice the room closes now: new disks\n" in peer.read_to_end()
    assert room.entries() == []
    assert room.start().returncode == 0


def test_an_abort_takes_it_back(make_room: MakeRoom) -> None:
    room = make_room()
    alice = room.join("alice")
    assert ctl(room, "shutdown", "--abort").exit_code == 3
    before = time.time()
    at = ctl_json(room, "shutdown", "--in", "1h")["at"]
    alice.read_until(b" * - notice the room closes in 1 hour\n")
    assert before - 1 <= datetime.fromisoformat(at).timestamp() - 3600 <= time.time()
    pid = waiter(room)
    assert is_alive(pid)
    assert os.getsid(pid) != os.getsid(0)
    assert ctl_json(room, "status")["shutdown"] == at
    assert ctl(room, "shutdown", "--in", "2h").exit_code == 75
    assert ctl(room, "shutdown", "--in", "2h", "--abort").exit_code == 2
    assert ctl_json(room, "shutdown", "--abort")["aborted"] == pid
    wait_for(lambda: not is_alive(pid))
    alice.read_until(b" * - notice the room stays open\n")
    assert ctl_json(room, "status")["shutdown"] is None
    assert pidfile.holder(room.settings.pid_file)


def test_an_abort_ends_one_that_somebody_stopped(make_room: MakeRoom) -> None:
    room = make_room()
    assert ctl(room, "shutdown", "--in", "1h").exit_code == 0
    pid = waiter(room)
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: is_stopped(pid))
    assert ctl_json(room, "shutdown", "--abort")["aborted"] == pid
    assert not is_alive(pid)
    assert ctl_json(room, "status")["shutdown"] is None


def test_at_its_time_it_is_done_without_us(make_room: MakeRoom) -> None:
    room = make_room()
    alice = room.join("alice")
    room.entry("alice")
    acceptor = room.acceptor()
    assert ctl(room, "shutdown", "--in", "0.2s").exit_code == 0
    assert b" * - notice the room closes now\n" in alice.read_to_end()
    wait_for(lambda: not is_held_at(room.state_dir / "shutdown"))
    assert not is_alive(acceptor)
    assert not (room.state_dir / "shutdown").exists()


def test_now_takes_the_place_of_a_planned_one(make_room: MakeRoom) -> None:
    room = make_room()
    assert ctl(room, "shutdown", "--in", "1h").exit_code == 0
    pid = waiter(room)
    assert ctl(room, "shutdown").exit_code == 0
    assert not is_alive(pid)
    assert room.start().returncode == 0
    assert ctl_json(room, "status")["shutdown"] is None


def test_without_an_acceptor_the_clients_end_all_the_same(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    room.entry("alice")
    room.stop_acceptor()
    said = ctl_json(room, "shutdown")
    assert said["acceptor"] is None
    assert [one["ended"] for one in said["clients"]] == [True]
