"""An idle room makes no system calls (design section 6)."""

import time

from lab.kit.machine.kernel import context_switches, of_group
from lab.kit.room import Room, wait_for
from tests.conftest import MakeRoom

CLIENTS = 20
QUIET = 3.0  # seconds


def switches(room: Room) -> dict[int, int]:
    """Context switches so far of every process of the room, the acceptor included."""
    return {pid: context_switches(pid) for group in room.groups() for pid in of_group(group)}


def is_quiet_for(room: Room, seconds: float) -> bool:
    before = switches(room)
    time.sleep(seconds)
    return switches(room) == before


def test_twenty_idle_clients(make_room: MakeRoom) -> None:
    """Guards: waiting without a timeout, in RECV, SEND and acceptor."""
    room = make_room()
    peers = [room.join(f"user{number}") for number in range(CLIENTS)]
    peers[0].send(b"MSG - and now silence\n")
    for peer in peers:
        peer.read_until(b"and now silence\n")
    wait_for(lambda: is_quiet_for(room, 0.2))
    before = switches(room)
    time.sleep(QUIET)
    assert switches(room) == before
    assert len(before) == 2 * CLIENTS + 1
