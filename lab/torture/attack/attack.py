"""Attacks on the port, and what people in the room notice, compared with quiet times in between.

Before each attack it is quiet for a while. All of this is done in several turns, so that other work
of the machine disturbs all attacks alike: each quantile is the median of those of the turns.
"""

import time
from contextlib import closing, suppress

from lab.kit.room import Peer, Room
from lab.torture.attack.attackers import ATTACKS
from lab.torture.attack.horde import Size, attacking
from lab.torture.attack.people import FRIEND, TITLES, Seen, converse, say

__all__ = ["ATTACKS", "LONG", "PEOPLE", "SHORT", "run"]

PEOPLE = 50
LONG = Size(2000, 5000)
SHORT = Size(300, 300)
TURNS = 3

_LONGEST_JOIN = 2.0  # seconds
_WORSE = 2.0  # how many times the quiet p99 is allowed
_LONGEST_CLOSE = 1.0  # seconds
_MOST_MEMORY = 128 << 10  # KiB


def run(people: int, seconds: float, size: Size, turns: int) -> tuple[list[str], list[str]]:
    """Return the report's lines and the goals that were missed; AssertionError: somebody was lost.

    `seconds` is for each attack and the quiet before it, in all turns together.
    """
    limits = {"penalty_exempt": [], "max_clients": 10 * people + 100, "messages_per_second": 1000.0}
    with closing(Room("optional", limits=limits)) as room:
        room.start()
        peers = [room.join(f"user{number}", last=0) for number in range(people)]
        room.token(FRIEND)
        quiet, attacked = Seen(), {name: Seen() for name in ATTACKS}
        blocks = [(turn, name) for turn in range(turns) for name in ATTACKS]
        for block, (turn, name) in enumerate(blocks, start=1):
            converse(room, peers, seconds / turns / 3, quiet, turn)
            with attacking(room.port, ATTACKS[name], size, block) as made:
                converse(room, peers, seconds / turns * 2 / 3, attacked[name], turn)
                attacked[name].made += made()
                if block == len(blocks):
                    closed = _stop(room, peers)
        missed = _missed(quiet, attacked, closed)
        lines = [
            TITLES,
            quiet.line("quiet"),
            *(seen.line(name) for name, seen in attacked.items()),
        ]
        lines.append(f"  acceptor stopped under attack: port closed after {closed:.3f} s,")
        lines.append(f"  and {len(peers)} people went on talking")
        return lines, missed


def _stop(room: Room, peers: list[Peer]) -> float:
    """Stop the acceptor; people go on talking. Return the seconds until the port was closed."""
    began = time.monotonic()
    room.stop_acceptor()
    closed = time.monotonic() - began
    with suppress(ConnectionRefusedError):
        room.socket().close()
        raise AssertionError("the port is open though the acceptor has ended")
    say(peers, 0)
    for number, peer in enumerate(peers):
        peer.ping(f"last{number}".encode())
    return closed


def _missed(quiet: Seen, attacked: dict[str, Seen], closed: float) -> list[str]:
    missed = [] if closed <= _LONGEST_CLOSE else [f"the port closed after {closed:.3f} s"]
    for name, seen in attacked.items():
        if seen.quantile(99) > _WORSE * quiet.quantile(99):
            missed.append(f"{name}: p99 is {seen.quantile(99) / quiet.quantile(99):.1f} x quiet")
        if max(seen.joins) > _LONGEST_JOIN:
            missed.append(f"{name}: a friend joined after {max(seen.joins):.2f} s")
        if seen.memory > _MOST_MEMORY:
            missed.append(f"{name}: the acceptor had {seen.memory // 1024} MiB")
        if seen.processes > quiet.processes:
            missed.append(f"{name}: {seen.processes} processes, {quiet.processes} when quiet")
    return missed
