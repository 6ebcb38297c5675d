"""A state directory full of what somebody with a client's process left there (design section 5)."""

import os
import signal
import subprocess

import pytest

from lab.kit import forger, hostile
from lab.kit.admin.ctl import ctl
from lab.kit.processes import wait_until_gone
from lab.kit.room import ROOT, is_alive, wait_for
from papayad.formats.harmless import harmless
from papayad.formats.wire import Hello, Refusal
from papayad.log import strays
from tests.conftest import MakeRoom


def test_the_room_goes_on(make_room: MakeRoom) -> None:
    """It is written and read, people come and go, an acceptor starts; no stranger is signalled."""
    room = make_room()
    alice = room.join("alice")
    stranger = subprocess.Popen(["sleep", "1000"], process_group=0)
    try:
        with hostile.planted(room.state_dir, stranger.pid):
            alice.send(b"MSG a1 hello\nWHO\n")
            alice.read_until(b" alice a1 hello\n")
            alice.read_until(b"! online alice\n")
            bob = room.join("bob")
            bob.send(b"MSG b1 hello\n")
            alice.read_until(b" bob b1 hello\n")
            entry = room.entry("bob")
            os.kill(entry.recv, signal.SIGKILL)
            wait_until_gone([entry.recv, entry.send])
            alice.send(b"WHO\n")
            alice.read_until(b"* - part bob\n")
            room.stop_acceptor()
            room.start()
            room.join("carol").ping()
        alice.ping()
        room.stop_acceptor()
        room.start()
        room.join("bob").ping()
        alice.read_until(b"* - join carol\n")
        assert is_alive(stranger.pid)
        assert "ends" not in room.journal()
        assert "state: " in room.journal()
        assert ": nobody's, and left alone\n" in room.journal()
        assert harmless(room.journal().replace("\n", "")).isprintable()
    finally:
        stranger.kill()
        stranger.wait()


def test_what_a_room_makes_is_no_stray(make_room: MakeRoom) -> None:
    room = make_room(chatlog={"segment_bytes": 256}, limits={"penalty_exempt": []})
    alice = room.join("alice")
    for number in range(5):
        alice.send(b"MSG a%d %s\n" % (number, b"x" * 100))
    alice.ping()
    stranger = room.peer()
    stranger.send(b"neither TLS nor PAPAYA\n")
    stranger.read_to_end()
    ctl(room, "freeze", "--user", "alice")
    ctl(room, "shutdown", "--in", "1h")
    wait_for((room.state_dir / "penalties").iterdir)
    assert strays.find(room.state_dir) == []
    ctl(room, "shutdown", "--abort")
    (room.state_dir / "groups" / "\u00b2").touch()
    (room.state_dir / "00000000000000000000.log.bak").touch()
    assert strays.find(room.state_dir) == ["00000000000000000000.log.bak", "groups/\u00b2"]


@pytest.mark.skipif(not ROOT, reason="needs a process that is another user's")
def test_an_entry_of_roots_process_ends_nobody(make_room: MakeRoom) -> None:
    """Guards: a signal that the kernel refuses. The acceptor adopts the entry, and is to end it."""
    room = make_room()
    with subprocess.Popen(["sleep", "1000"], process_group=0) as stranger:
        with forger.forging(room, stranger.pid):
            room.stop_acceptor()
            room.start()
            answer = room.peer().hello(Hello(room.token(forger.USER), session=forger.SESSION))
            assert isinstance(answer, Refusal)
            assert answer.reason == "busy"
            assert "not ended by SIGKILL within 5 s: clusters 1.1" in room.journal()
            room.join("alice").ping()
            assert is_alive(stranger.pid)
        room.join("bob").ping()
        stranger.kill()
