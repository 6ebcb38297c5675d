"""The room is one across any number of acceptor restarts (design sections 5 and 6)."""

import os
import signal
import socket

import pytest

from lab.kit.room import Room, is_alive, wait_for
from tests.conftest import MakeRoom


def assert_port_is_closed(room: Room) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", room.port), 5)


def test_three_generations_hear_each_other(make_room: MakeRoom) -> None:
    room = make_room()
    peers = {"alice": room.join("alice")}
    room.stop_acceptor()
    assert_port_is_closed(room)
    room.start()
    peers["bob"] = room.join("bob")
    room.stop_acceptor(signal.SIGKILL)
    assert_port_is_closed(room)
    room.start()
    peers["carol"] = room.join("carol")
    assert len(room.groups()) == 3
    for speaker, peer in peers.items():
        peer.send(f"MSG - heard from {speaker}\n".encode())
        for listener in peers.values():
            listener.read_until(f"heard from {speaker}\n".encode())


def test_a_death_in_an_older_generation_is_seen(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    room.stop_acceptor()
    room.start()
    bob = room.join("bob")
    alice = room.entry("alice")
    room.entry("bob")
    os.kill(alice.recv, signal.SIGKILL)
    bob.read_until(b"* - part alice\n")
    wait_for(lambda: not is_alive(alice.send))
    assert [entry.user for entry in room.entries()] == ["bob"]
