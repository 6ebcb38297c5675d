"""Many with right tokens at once: all come in, and nobody is charged (design section 8)."""

import os
import signal
import time
from typing import Any

from lab.kit.processes import freeze
from lab.kit.room import Peer, Room, wait_for
from lab.kit.tls import TLSPeer
from papayad.formats.wire import Greeting
from papayad.state import penalty
from tests.conftest import MakeRoom

COUNT = 200
LIMITS: dict[str, Any] = {"max_clients_per_user": COUNT, "penalty_exempt": []}
PATIENT = {"auth_seconds": 120.0}  # here it is the crowd that is slow: it is one process

# After each join the acceptor has something else to do for a while.
_SLOW = """
import time
from papayad.state import marks

def touch_seen(state_dir, token, really=marks.touch_seen):
    really(state_dir, token)
    time.sleep(1.5)

marks.touch_seen = touch_seen
"""


def hello(room: Room) -> bytes:
    return f"PAPAYA/1 {room.token('alice')} presence=off\n".encode()


def come(room: Room, count: int) -> list[Peer]:
    """From addresses of their own."""
    return [room.peer(f"127.0.{2 + number // 200}.{1 + number % 200}") for number in range(count)]


def test_the_deadlines_of_who_waits_for_the_acceptor_do_not_pass(make_room: MakeRoom) -> None:
    """Of six hundred a third was refused, their addresses were charged, and bots gave up."""
    room = make_room(limits=LIMITS | {"auth_seconds": 1.0})
    said = hello(room)
    crowd = come(room, COUNT // 2)
    room.join("bob").ping()  # so the acceptor has them all
    freeze(room.acceptor())
    for peer in crowd:
        peer.send(said)
    time.sleep(1.2)  # their time passes, and it is not they who are late
    os.kill(room.acceptor(), signal.SIGCONT)
    assert all(isinstance(peer.answer(), Greeting) for peer in crowd)
    assert penalty.read_all(room.state_dir) == []


def test_a_crowd_comes_in(make_room: MakeRoom) -> None:
    room = make_room(tls="optional", limits=LIMITS | PATIENT)
    said = hello(room)
    crowd = come(room, COUNT)
    for number, peer in enumerate(crowd):
        if number % 10 == 0:
            crowd[number] = peer = TLSPeer(peer.socket)
        peer.send(said)
    assert all(isinstance(peer.answer(), Greeting) for peer in crowd)
    assert penalty.read_all(room.state_dir) == []
    assert "refused" not in room.journal()


def test_a_crowd_behind_one_address_comes_in(make_room: MakeRoom) -> None:
    room = make_room(limits=LIMITS | PATIENT | {"max_pending_per_source": 5})
    said = hello(room)
    crowd = [room.peer() for _ in range(COUNT // 2)]
    for peer in crowd:
        peer.send(said)
    assert all(isinstance(peer.answer(), Greeting) for peer in crowd)


def test_who_loses_patience_with_the_acceptor_is_not_charged(make_room: MakeRoom) -> None:
    """It is busy with somebody else for longer than they wait."""
    room = make_room(tls="optional", limits=LIMITS, start=False)
    room.before = _SLOW
    room.start()
    crowd = come(room, 3)
    room.join("alice").ping()
    room.join("bob").ping()
    for peer in crowd:
        peer.send(b"\x16\x03\x01")
        peer.close()
    wait_for(lambda: room.pending() == 0)
    room.join("alice").ping()  # by then a mark would be written
    assert penalty.read_all(room.state_dir) == []
