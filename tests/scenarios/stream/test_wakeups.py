"""No wakeup is lost, and none kills, in whatever phase of SEND it comes (design section 5).

SIGUSR1 means "look again", never a count: too many do no harm, and the last one is never missed.
"""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from lab.kit.processes import exit_code, fork
from lab.kit.room import Peer, Room
from tests.conftest import MakeRoom

ROUNDS = 600
JOINS = 25
USERS = ("alice", "bob", "carol", "dora")
WAKEUPS = (signal.SIGUSR1, signal.SIGUSR2)
EAGER = {"linger_ms": 0.0, "messages_per_second": 1e6, "message_burst": 1_000_000}


def burst(chance: random.Random, pids: list[int]) -> None:
    for _ in range(chance.randint(0, 5)):
        os.kill(chance.choice(pids), chance.choice(WAKEUPS))


def test_bursts_lose_no_message(make_room: MakeRoom) -> None:
    """Guards: reading to the end and then waiting, with what came meanwhile still pending.

    Nothing wakes a SEND after a round's last message but the message.
    """
    chance = random.Random(5)
    room = make_room(limits=EAGER, chatlog={"durability": "kernel"})
    peers = [room.join(user) for user in USERS]
    sends = [room.entry(user).send for user in USERS]
    for number in range(ROUNDS):
        speakers = chance.sample(peers, 3)
        for speaker in speakers:
            burst(chance, sends)
            speaker.send(b"MSG %d-%d x\n" % (number, peers.index(speaker)))
        burst(chance, sends)
        for peer in peers:
            for speaker in speakers:
                peer.read_until(b" %d-%d x\n" % (number, peers.index(speaker)))
            peer.stream = b""


@contextmanager
def hammered(room: Room) -> Iterator[None]:
    """Every process of the room gets SIGUSR1 and SIGUSR2 as fast as one process can send them."""
    (group,) = room.groups()

    def hammer() -> None:
        while True:
            for signum in WAKEUPS:
                os.killpg(group, signum)

    pid = fork(hammer)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)
        assert exit_code(pid) == -signal.SIGKILL


def test_signals_while_clusters_start(make_room: MakeRoom) -> None:
    """Guards: ignoring both signals from before the first fork until SEND has blocked them."""
    room = make_room(limits=EAGER)
    peers: list[Peer] = []
    with hammered(room):
        for number in range(JOINS):
            peers.append(room.join(f"user{number}"))
            peers[-1].ping()
    for number, peer in enumerate(peers):
        peer.send(b"MSG - from user%d\n" % number)
    for peer in peers:
        for number in range(JOINS):
            peer.read_until(b"from user%d\n" % number)
    assert len(room.entries()) == JOINS
    assert " ends" not in room.journal()
