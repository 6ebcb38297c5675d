"""Attacks on the port, and what people in the room notice, compared with quiet times in between.

Before each attack it is quiet for a while. All of this is done in several turns, so that other work
of the machine disturbs all attacks alike: each quantile is the median of those of the turns.
A friend joins over TLS, each time from an address that the room has never seen, so that nothing the
room remembers helps.
"""

import statistics
import time
from collections import defaultdict
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from lab.kit.machine.kernel import cpu_seconds, of_group
from lab.kit.room import Peer, Room
from lab.kit.tls import TLSPeer
from lab.torture.attackers import ATTACKS
from lab.torture.horde import Size, attacking
from papayad.formats.wire import Greeting, Hello

__all__ = ["ATTACKS", "LONG", "PEOPLE", "SHORT", "run"]

PEOPLE = 50
LONG = Size(2000, 5000)
SHORT = Size(300, 300)
TURNS = 3

_PAUSE = 0.02  # seconds between two messages
_LONGEST_JOIN = 2.0  # seconds
_WORSE = 2.0  # how many times the quiet p99 is allowed
_LONGEST_CLOSE = 1.0  # seconds
_MOST_MEMORY = 128 << 10  # KiB
_friends = count()


@dataclass(slots=True)
class Seen:
    """What was measured: times in seconds, `heard` by turn, `memory` of the acceptor in KiB."""

    heard: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    joins: list[float] = field(default_factory=list)
    memory: int = 0
    processes: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    made: int = 0

    def quantile(self, percent: int) -> float:
        turns = self.heard.values()
        return statistics.median(statistics.quantiles(turn, n=100)[percent - 1] for turn in turns)

    def line(self, name: str) -> str:
        p50, p99 = (self.quantile(percent) * 1000 for percent in (50, 99))
        return (
            f"  {name:<24}{p50:6.1f}{p99:8.1f}{max(self.joins):9.2f}{self.memory / 1024:8.0f}"
            f"{self.cpu / self.seconds:8.0%}{self.made / self.seconds:9.0f}"
        )


_TITLES = (
    "                            p50     p99     join  memory     cpu     rate\n"
    "                             ms      ms        s     MiB               /s"
)


def run(people: int, seconds: float, size: Size, turns: int) -> tuple[list[str], list[str]]:
    """Return the report's lines and the goals that were missed; AssertionError: somebody was lost.

    `seconds` is for each attack and the quiet before it, in all turns together.
    """
    limits = {"penalty_exempt": [], "max_clients": 10 * people + 100, "messages_per_second": 1000.0}
    with closing(Room("optional", limits=limits)) as room:
        room.start()
        peers = [room.join(f"user{number}", last=0) for number in range(people)]
        room.token("friend")
        quiet, attacked = Seen(), {name: Seen() for name in ATTACKS}
        blocks = [(turn, name) for turn in range(turns) for name in ATTACKS]
        for block, (turn, name) in enumerate(blocks, start=1):
            _converse(room, peers, seconds / turns / 3, quiet, turn)
            with attacking(room.port, ATTACKS[name], size, block) as made:
                _converse(room, peers, seconds / turns * 2 / 3, attacked[name], turn)
                attacked[name].made += made()
                if block == len(blocks):
                    closed = _stop(room, peers)
        missed = _missed(quiet, attacked, closed)
        lines = [
            _TITLES,
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
    _say(peers, 0)
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


def _converse(room: Room, peers: list[Peer], seconds: float, seen: Seen, turn: int) -> None:
    """One person speaks, all hear it; now and then a friend joins."""
    acceptor = room.acceptor()
    began, cpu, rounds = time.monotonic(), cpu_seconds(acceptor), 0
    while time.monotonic() < began + seconds or not rounds:
        seen.heard[turn] += _say(peers, rounds)
        if rounds % 20 == 0:
            seen.joins.append(_join(room))
            seen.processes = max(seen.processes, len(of_group(acceptor)))
            seen.memory = max(seen.memory, _memory(acceptor))
        rounds += 1
        time.sleep(_PAUSE)
    seen.seconds += time.monotonic() - began
    seen.cpu += cpu_seconds(acceptor) - cpu


def _say(peers: list[Peer], number: int) -> list[float]:
    """Say something; return for each person the time until it arrived."""
    began = time.monotonic()
    mark = f"{began:.6f}".encode()
    peers[number % len(peers)].send(b"MSG - " + mark + b"\n")
    heard = []
    for peer in peers:
        peer.read_until(mark + b"\n")
        heard.append(time.monotonic() - began)
        peer.stream = b""
    return heard


def _join(room: Room) -> float:
    """Join as a client does: if it is thrown out, it tries again at once."""
    number, began = next(_friends), time.monotonic()
    source = f"127.200.{number // 250}.{number % 250 + 1}"
    while time.monotonic() - began < 30:
        with suppress(AssertionError, OSError):
            friend = TLSPeer(room.socket(source))
            answer = friend.hello(Hello(room.token("friend"), last=0, session="friend"))
            friend.close()
            if isinstance(answer, Greeting):
                return time.monotonic() - began
    raise AssertionError("a friend could not join within 30 s")


def _memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
