"""Limits: who is over one is told, and nobody else notices (design sections 2, 3 and 8)."""

import os
import resource
import signal
import socket
import struct
import time
from collections.abc import Callable

import pytest

from lab.kit import launch
from lab.kit.machine import kernel
from lab.kit.machine.limits import set_soft
from lab.kit.room import Peer, Room, wait_for
from lab.kit.tls import TLSPeer
from papayad.formats.wire import Greeting, Hello, Refusal
from tests.conftest import MakeRoom

SLOW = {"messages_per_second": 0.01, "message_burst": 5}  # the next one in 100 seconds


def refused(room: Room, user: str, session: str = "") -> str:
    """The reason why a user may not come in."""
    peer = room.peer()
    answer = peer.hello(Hello(room.token(user), session=session))
    assert isinstance(answer, Refusal)
    assert peer.read_to_close() == b""
    return answer.reason


def leave(room: Room, peer: Peer) -> None:
    before = len(room.entries())
    peer.close()
    wait_for(lambda: len(room.entries()) < before)
    wait_for(lambda: len(kernel.children(room.acceptor())) <= before - 1)


# Clients


def test_a_full_room(make_room: MakeRoom) -> None:
    room = make_room(limits={"max_clients": 2})
    alice, bob = room.join("alice"), room.join("bob")
    assert refused(room, "carol") == "full"
    leave(room, alice)
    room.join("carol").ping()
    assert refused(room, "alice") == "full"
    bob.ping()


def test_clients_of_all_generations_count(make_room: MakeRoom) -> None:
    room = make_room(limits={"max_clients": 2, "max_clients_per_user": 1})
    alice = room.join("alice")
    room.stop_acceptor(signal.SIGKILL)
    room.start()
    assert refused(room, "alice") == "full"
    room.join("bob").ping()
    assert refused(room, "carol") == "full"
    alice.ping()
    alice.close()
    wait_for(lambda: "alice" not in [entry.user for entry in room.entries()])
    wait_for(lambda: isinstance(room.peer().hello(Hello(room.token("carol"))), Greeting))


def test_a_user_has_so_many_devices(make_room: MakeRoom) -> None:
    room = make_room(limits={"max_clients_per_user": 2})
    phone = room.join("alice", session="phone")
    room.join("alice")
    assert refused(room, "alice") == "full"
    assert refused(room, "alice", "laptop") == "full"
    room.join("bob").ping()
    phone.ping()


@pytest.mark.parametrize("limit", ["max_clients", "max_clients_per_user"])
def test_who_is_taken_over_does_not_count(make_room: MakeRoom, limit: str) -> None:
    room = make_room(limits={limit: 1})
    older = room.join("alice", session="phone")
    for _ in range(5):
        newer = room.join("alice", session="phone")
        newer.ping()
        older.read_to_end()
        assert [entry.session for entry in room.entries()] == ["phone"]
        older = newer


# Who has not said yet who it is


def silent(room: Room, source: str, count: int) -> list[socket.socket]:
    """Connections that say nothing."""
    made = [room.socket(source) for _ in range(count)]
    for connection in made:
        room.peers.append(Peer(connection))
    return made


def test_silent_connections_keep_nobody_out(make_room: MakeRoom) -> None:
    room = make_room(limits={"max_pending": 5, "max_pending_per_source": 3, "auth_seconds": 3600.0})
    made = [one for host in range(2, 22) for one in silent(room, f"127.0.0.{host}", 3)]
    room.join("alice").ping()
    assert room.pending() <= 5
    evicted = 0
    for connection in made:
        connection.settimeout(0)
        try:
            assert connection.recv(1) == b""
            evicted += 1
        except BlockingIOError:
            pass
    assert evicted >= len(made) - 5


def test_who_holds_most_loses_first(make_room: MakeRoom) -> None:
    """A friend in the middle of a hello stays, whatever another source does."""
    room = make_room(limits={"max_pending": 4, "max_pending_per_source": 100})
    friend = room.peer("127.0.0.1")
    hello = f"PAPAYA/1 {room.token('alice')}\n".encode()
    friend.send(hello[:50])
    silent(room, "127.0.0.2", 60)
    friend.send(hello[50:])
    assert isinstance(friend.answer(), Greeting)


def test_who_was_let_in_before_loses_last(make_room: MakeRoom) -> None:
    room = make_room(limits={"max_pending": 4})
    room.join("alice").ping()  # by which its source is known
    friend = room.peer()
    hello = f"PAPAYA/1 {room.token('bob')}\n".encode()
    friend.send(hello[:50])
    for host in range(2, 62):
        silent(room, f"127.0.0.{host}", 1)
    friend.send(hello[50:])
    assert isinstance(friend.answer(), Greeting)


def test_a_source_has_so_many_silent_connections(make_room: MakeRoom) -> None:
    limits = {"max_pending_per_source": 3, "auth_seconds": 3600.0}
    room = make_room(limits=limits, start=False)
    room.before = "from papayad.acceptor import lobby\nlobby._KEEPS_WAITING_AFTER = 0.0"
    room.start()
    silent(room, "127.0.0.3", 2)
    for _ in range(20):
        silent(room, "127.0.0.2", 1)
        room.join("alice", session="s").ping()  # by then it is known to be silent
    assert room.pending() == 5
    silent(room, "127.0.0.1", 20)
    room.join("carol").ping()  # who shares a source with them


def test_a_source_has_as_many_as_proceed(make_room: MakeRoom) -> None:
    """Forty who come at the full hour behind one address; some have slow machines."""
    room = make_room(
        tls="required", limits={"max_pending_per_source": 2, "max_clients_per_user": 99}
    )
    token = room.token("alice")
    connections = [room.socket() for _ in range(40)]
    peers = [TLSPeer(connection) for connection in connections]
    room.peers += peers
    for peer in peers:
        peer.send(f"PAPAYA/1 {token}\n".encode())
    assert all(isinstance(peer.answer(), Greeting) for peer in peers)


# Messages


def test_a_fast_client_is_read_later(make_room: MakeRoom) -> None:
    """Nothing is lost, nobody is kicked."""
    room = make_room(limits={"messages_per_second": 100.0, "message_burst": 10})
    alice, bob = room.join("alice", last=0), room.join("bob", last=0)
    lines = [b"MSG %d line %d\n" % (number, number) for number in range(100)]
    alice.send(b"".join(lines) + b"PING end\n")
    alice.read_until(b"! pong end\n")
    bob.read_until(b" alice 99 line 99\n")
    for peer in (alice, bob):
        mine = [line for line in peer.records().splitlines() if b" alice " in line[:40]]
        assert [line.split(b" ", 3)[2] for line in mine if b" line " in line] == [
            b"%d" % number for number in range(100)
        ]


def test_a_client_over_its_rate_waits(make_room: MakeRoom) -> None:
    room = make_room(limits=SLOW)
    alice, bob = room.join("alice"), room.join("bob")
    alice.send(b"".join(b"MSG - line %d\n" % number for number in range(50)))
    stream = bob.read_until(b" alice - line 4\n")
    stream = bob.ping()
    assert b"line 5\n" not in stream
    assert [entry.user for entry in room.entries()] == ["alice", "bob"]
    assert alice.read_until(b"line 4\n")


def close(connection: socket.socket) -> None:
    connection.close()


def half_close(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("end", [close, half_close, reset])
def test_who_left_does_not_post_for_hours(
    make_room: MakeRoom, end: Callable[[socket.socket], None]
) -> None:
    room = make_room(limits=SLOW)
    alice, bob = room.join("alice"), room.join("bob")
    alice.send(b"".join(b"MSG - line %d\n" % number for number in range(50)))
    bob.read_until(b" alice - line 4\n")
    end(alice.socket)
    stream = bob.read_until(b" * - part alice\n")
    assert stream.count(b" alice - line ") == 10  # a burst, and one more when it had left


# Processes and descriptors


def limited(limit: int, most: int) -> Callable[[], None]:
    """For `preexec_fn`."""
    return lambda: resource.setrlimit(limit, (most, most))


def test_no_process_to_be_had(make_room: MakeRoom) -> None:
    """From a moment on: a start takes processes itself."""
    room = make_room()
    alice, bob = room.join("alice"), room.join("bob")
    room.stop_acceptor()
    with launch.foreground(room) as process:
        set_soft(room.acceptor(), resource.RLIMIT_NPROC, 1)
        for _ in range(3):
            assert refused(room, "carol") == "busy"
        alice.send(b"MSG - still here\n")
        bob.read_until(b" alice - still here\n")
        os.kill(room.entry("alice").recv, signal.SIGKILL)  # whom nobody can reap now
        wait_for(lambda: [entry.user for entry in room.entries()] == ["bob"])
        assert refused(room, "carol") == "busy"
        bob.ping()
        assert process.poll() is None
        assert len(list((room.state_dir / "roster").iterdir())) == 2
        room.stop_acceptor()
    room.start()
    bob.read_until(b" * - part alice\n")
    room.join("carol").ping()


def test_no_descriptor_to_be_had_costs_those_who_wait(make_room: MakeRoom) -> None:
    """They are evicted as above max_pending, so that a friend gets in."""
    room = make_room(start=False, limits={"max_pending_per_source": 100, "auth_seconds": 3600.0})
    with launch.daemon(room, preexec_fn=limited(resource.RLIMIT_NOFILE, 24)):
        alice, acceptor = room.join("alice"), room.acceptor()
        made = silent(room, "127.0.0.2", 40)
        wait_for(lambda: "pending ones are dropped" in room.journal())
        for _ in range(3):
            room.join("bob").ping()
            made += silent(room, "127.0.0.3", 20)
        alice.ping()
    assert room.journal().count("no more connections to be had") == 1
    assert room.acceptor() == acceptor


def test_no_descriptor_and_nobody_who_waits(make_room: MakeRoom) -> None:
    """Then accepting rests: to try again at once would be to spin."""
    room = make_room()
    alice, acceptor = room.join("alice"), room.acceptor()
    before = int(kernel.limit(acceptor, "Max open files")[0])
    set_soft(acceptor, resource.RLIMIT_NOFILE, 0)
    made = silent(room, "127.0.0.2", 1)
    wait_for(lambda: "accepting rests" in room.journal())
    spent = kernel.cpu_seconds(acceptor)
    time.sleep(1.0)  # in which it could spin
    assert kernel.cpu_seconds(acceptor) - spent < 0.1
    alice.ping()
    set_soft(acceptor, resource.RLIMIT_NOFILE, before)
    room.join("bob").ping()
    assert room.journal().count("accepting rests") == 1
    assert made[0].fileno() >= 0
