"""What the machine may do to a room: nothing is lost, nobody else notices (design section 6)."""

import os
import shutil
import signal
import socket
import subprocess
from contextlib import closing
from typing import Any

import pytest

from lab.kit.machine.injection import injecting, needs_strace
from lab.kit.machine.mounts import bind, bound, detach, fill, needs_mount, tmpfs
from lab.kit.room import ROOT, Peer, Room, give_to_service, is_alive, wait_for
from papayad.formats import record
from papayad.formats.wire import Greeting, Hello, Refusal
from papayad.log import segments, store
from papayad.state import force, groups, roster
from tests.conftest import MakeRoom


def assert_log_is_whole(room: Room) -> None:
    assert all(record.parse(line) for line in room.log().splitlines())


def texts(data: bytes) -> list[str]:
    """The texts that people wrote, in order."""
    known = [record.parse(line) for line in data.splitlines()]
    return [one.text for one in known if one and one.sender != record.SERVER]


@pytest.fixture(scope="module")
def room() -> Any:
    with closing(Room()) as room:
        room.start()
        yield room


@needs_strace
@pytest.mark.parametrize("error", ["EAGAIN", "ENOMEM"])
def test_a_fork_that_fails_is_busy_for_that_client_alone(room: Room, error: str) -> None:
    carol = room.join("carol")
    know(room, "dave")
    with injecting(room.acceptor(), f"clone:error={error}:when=1"):
        answer = room.peer().hello(Hello(room.token("dave")))
        assert isinstance(answer, Refusal)
        assert answer.reason == "busy"
        dave = room.join("dave")
    dave.ping()
    carol.ping()
    for peer in (carol, dave):
        peer.close()
    wait_for(lambda: not room.entries())


@needs_strace
def test_a_token_that_could_not_be_read_is_busy(make_room: MakeRoom) -> None:
    """The file is read by a child. A client that is told `auth` may give up for good."""
    room = make_room()
    room.join("carol")
    with injecting(room.acceptor(), "clone:error=EAGAIN:when=1"):
        answer = room.peer().hello(Hello(room.token("dave")))
        assert isinstance(answer, Refusal)
        assert answer.reason == "busy"
        room.join("dave").ping()


def know(room: Room, user: str) -> None:
    """Have the acceptor read the file with this user's token: that takes a process, too."""
    peer = room.join(user)
    peer.ping()
    peer.close()
    wait_for(lambda: user not in [entry.user for entry in room.entries()])


@needs_strace
@pytest.mark.parametrize("error", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "ECONNABORTED"])
def test_an_accept_that_fails_ends_nothing(room: Room, error: str) -> None:
    with injecting(room.acceptor(), f"accept4:error={error}:when=1..3"):
        erin = room.join("erin")
    erin.ping()
    erin.close()
    wait_for(lambda: not room.entries())


@needs_strace
def test_a_part_that_nobody_could_be_forked_for_is_written_later(room: Room) -> None:
    know(room, "erin")
    carol, dave = room.join("carol"), room.join("dave")
    recv = room.entry("carol").recv
    with injecting(room.acceptor(), "clone:error=EAGAIN:when=1"):
        os.kill(recv, signal.SIGKILL)
        wait_for(lambda: not os.path.exists(f"/proc/{recv}"))  # and the reaper's fork has failed
        erin = room.join("erin")
    dave.read_until(b" * - part carol\n")
    for peer in (carol, dave, erin):
        peer.close()
    wait_for(lambda: not room.entries())


@needs_strace
@pytest.mark.parametrize("error", ["EAGAIN", "ENOMEM"])
def test_a_cluster_that_cannot_have_a_send_is_busy(make_room: MakeRoom, error: str) -> None:
    """The acceptor's first fork fails, and that of each RECV, whose calls are counted anew."""
    room = make_room()
    carol = room.join("carol")
    know(room, "dave")
    with injecting(room.acceptor(), f"clone:error={error}:when=1", follow=True):
        answers = [room.peer().hello(Hello(room.token("dave"))) for _ in range(3)]
        assert [one.reason for one in answers if isinstance(one, Refusal)] == ["busy"] * 3
        assert room.journal().count("no cluster for") == 1
    carol.send(b"WHO\n")
    carol.read_until(b"! online carol\n")
    room.join("dave").ping()
    assert [entry.user for entry in room.entries()] == ["carol", "dave"]


# a full disk


@needs_mount
def test_a_start_on_a_full_disk(make_room: MakeRoom) -> None:
    """A new room cannot be made; one that is there goes on, with people in it and without."""
    room = make_room(start=False)
    with tmpfs(room.state_dir, "256k"):
        filler = fill(room.state_dir)
        assert room.start(check=False).returncode == os.EX_UNAVAILABLE
        assert "No space left on device: remove or move something else" in room.journal()
        filler.unlink()
        room.start()
        assert "records are lost" not in room.journal()
        alice = room.join("alice")
        alice.ping()
        log = room.log()
        filler = fill(room.state_dir)
        room.stop_acceptor()
        room.start()
        alice.ping()
        room.kill()
        room.start()
        bob = room.join("bob", last=1000)
        bob.ping()
        assert bob.greeting and bob.greeting.log == alice.greeting.log  # type: ignore[union-attr]
        assert bob.records().startswith(log)
        room.end()


@needs_mount
def test_a_full_disk_costs_records_and_lets_people_in(make_room: MakeRoom) -> None:
    room = make_room(start=False, limits={"message_burst": 1000})
    with tmpfs(room.state_dir, "256k"):
        room.start()
        alice = room.join("alice")
        alice.ping()
        filler = fill(room.state_dir)
        for number in range(200):  # the rest of the log's last page
            alice.send(b"MSG a1 .\n")
            if b"! error storage a1 " in alice.ping(b"%d" % number):
                break
        bob = room.join("bob", session="laptop")
        bob.send(b"WHO\n")
        bob.read_until(b"! online alice bob\n")
        assert b"join bob" not in room.log()
        entry = room.entry("bob")
        assert (entry.session, entry.group) == ("laptop", room.acceptor())
        assert is_alive(entry.recv)
        again = room.join("bob", session="laptop")
        bob.read_to_end()
        filler.unlink()
        again.send(b"MSG b2 here is room\n")
        alice.read_until(b" bob b2 here is room\n")
        again.close()
        alice.read_until(b" * - part bob\n")
        assert texts(room.log())[-1] == "here is room"
        assert_log_is_whole(room)
        room.end()


# what is taken away


def test_a_segment_that_was_removed_by_hand_is_a_gap(make_room: MakeRoom) -> None:
    room = make_room(chatlog={"segment_bytes": 256})
    alice = room.join("alice", presence=False)
    for number in range(60):
        alice.send(b"MSG - line %d\n" % number)
        alice.ping(b"%d" % number)
    bases = segments.bases(room.state_dir)
    os.unlink(segments.path(room.state_dir, bases[3]))
    bob = room.join("bob", presence=False, last=1000)
    bob.read_until(f"! gap {bases[4]}\n".encode())
    bob.read_until(b" line 59\n")
    assert "line 0" in texts(bob.records())


def test_the_last_segment_removed_by_hand_is_a_new_beginning(make_room: MakeRoom) -> None:
    room = make_room()
    alice = room.join("alice")
    alice.send(b"MSG a1 before\n")
    alice.ping()
    end = room.committed()
    os.unlink(segments.path(room.state_dir, 0))
    bob = room.join("bob", since=end, log=alice.greeting.log)  # type: ignore[union-attr]
    bob.send(b"MSG b1 behind\n")
    for peer in (alice, bob):
        peer.read_until(b" bob b1 behind\n")
    assert segments.bases(room.state_dir)[0] >= end
    assert "were removed from the log, which goes on there" in room.journal()
    carol = room.join("carol", last=10)
    carol.read_until(b" bob b1 behind\n")
    room.stop_acceptor()
    room.end()
    room.start()
    assert isinstance(room.join("alice").greeting, Greeting)


def test_a_log_without_a_segment_lets_a_silent_client_in(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice", presence=False).ping()
    os.unlink(segments.path(room.state_dir, 0))
    bob = room.join("bob", presence=False)
    bob.send(b"MSG b1 first\n")
    bob.read_until(b" bob b1 first\n")


def test_a_wiped_run_dir_is_made_again(make_room: MakeRoom) -> None:
    room = make_room()
    alice, pid = room.join("alice"), room.acceptor()
    run_dir = room.settings.pid_file.parent
    shutil.rmtree(run_dir)
    assert room.acceptor() == 0
    room.join("bob")
    alice.ping()
    assert room.acceptor() == pid
    assert room.settings.pid_file.stat().st_mode & 0o777 == 0o644
    assert (force.read(run_dir) or pytest.fail("nothing is in force")).pid == pid


@needs_mount
def test_a_run_dir_that_is_another_one_by_now(make_room: MakeRoom) -> None:
    """A tmpfs that was mounted again is empty, and root's."""
    room = make_room(start=False)
    run_dir = room.settings.pid_file.parent
    run_dir.mkdir()
    if ROOT:
        give_to_service(run_dir)
    with tmpfs(run_dir, "64k"):
        room.start()
        alice, pid = room.join("alice"), room.acceptor()
        detach(run_dir)
        with tmpfs(run_dir, "64k"):
            room.join("bob")
            alice.ping()
            assert room.acceptor() == pid
            room.stop_acceptor()
            room.start()
            alice.ping()
            room.end()


@needs_mount
def test_a_state_dir_that_is_away_for_a_while(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    real = room.directory / "real"
    room.state_dir.rename(real)
    room.state_dir.mkdir(mode=0o700)
    with bound(room.state_dir, real):
        room.start()
        alice, bob = room.join("alice"), room.join("bob")
        bob.ping()
        detach(room.state_dir)
        answer = room.peer().hello(Hello(room.token("carol")))
        assert isinstance(answer, Refusal)
        assert answer.reason == "busy"
        alice.send(b"MSG a1 into the void\n")
        alice.read_to_end()
        assert list(room.state_dir.iterdir()) == []  # nothing is begun in the wrong place
        bind(room.state_dir, real)
        again = room.join("alice", last=10)
        again.send(b"MSG a2 back\n")
        again.read_until(b" alice a2 back\n")
        bob.read_until(b" alice a2 back\n")
        assert texts(bob.records()) == ["into the void", "back"]
        assert_log_is_whole(room)
        room.end()


# numbers that somebody else has by now


def test_a_number_that_is_a_strangers_by_now_is_not_signalled(make_room: MakeRoom) -> None:
    room = make_room()
    alice = room.join("alice")
    stranger = subprocess.Popen(["sleep", "1000"], process_group=0)
    try:
        (groups.directory(room.state_dir) / str(stranger.pid)).touch()
        entry = roster.Entry("1.1", "ghost", "192.0.2.1:1", 1.0, stranger.pid)
        descriptor = roster.create(roster.directory(room.state_dir), entry)
        roster.complete(descriptor, stranger.pid, stranger.pid)
        os.close(descriptor)
        if ROOT:
            give_to_service(room.state_dir)
        alice.send(b"MSG a1 hello\nWHO\n")
        alice.read_until(b"! online alice\n")
        room.stop_acceptor()
        room.start()
        room.join("bob")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_an_older_cluster_that_nothing_ends_makes_its_user_busy(make_room: MakeRoom) -> None:
    """It may append still, so that whoever took its session over could say something twice.

    In its place this process holds the lock, with pids that are no process's.
    """
    room = make_room(start=False)
    store.prepare(room.state_dir, lambda _: None)
    entry = roster.Entry("1.1", "alice", "192.0.2.1:1", 1.0, 1, session="laptop")
    descriptor = roster.create(roster.directory(room.state_dir), entry)
    roster.complete(descriptor, 1 << 22, 1 << 22)  # Linux gives them to nobody
    if ROOT:
        give_to_service(room.state_dir)
    room.start()
    answer = room.peer().hello(Hello(room.token("alice"), session="laptop"))
    assert isinstance(answer, Refusal)
    assert answer.reason == "busy"
    assert "not ended by SIGKILL within 5 s: clusters 1.1" in room.journal()
    room.join("bob").ping()
    os.close(descriptor)
    room.join("alice", session="laptop").ping()


def test_an_unfinished_connection_of_a_dead_peer_is_dropped(make_room: MakeRoom) -> None:
    room = make_room(limits={"auth_seconds": 0.2})
    silent = room.socket()
    Peer(silent).answer()
    silent.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    silent.close()  # a reset
    room.join("alice").ping()
