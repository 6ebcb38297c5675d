"""People who talk, and what they notice: how long a message takes to all of them, and a join.

A friend joins over TLS, each time from an address that the room has never seen, so that nothing the
room remembers helps.
"""

import statistics
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from lab.kit.machine.kernel import cpu_seconds, of_group
from lab.kit.room import Peer, Room
from lab.kit.tls import TLSPeer
from papayad.formats.wire import Greeting, Hello

FRIEND = "friend"
_PAUSE = 0.02  # seconds between two messages
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


TITLES = (
    "                            p50     p99     join  memory     cpu     rate\n"
    "                             ms      ms        s     MiB               /s"
)


def converse(room: Room, peers: list[Peer], seconds: float, seen: Seen, turn: int) -> None:
    """One person speaks, all hear it; now and then a friend joins."""
    acceptor = room.acceptor()
    began, cpu, rounds = time.monotonic(), cpu_seconds(acceptor), 0
    while time.monotonic() < began + seconds or not rounds:
        seen.heard[turn] += say(peers, rounds)
        if rounds % 20 == 0:
            seen.joins.append(_join(room))
            seen.processes = max(seen.processes, len(of_group(acceptor)))
            seen.memory = max(seen.memory, _memory(acceptor))
        rounds += 1
        time.sleep(_PAUSE)
    seen.seconds += time.monotonic() - began
    seen.cpu += cpu_seconds(acceptor) - cpu


def say(peers: list[Peer], number: int) -> list[float]:
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
            answer = friend.hello(Hello(room.token(FRIEND), last=0, session=FRIEND))
            friend.close()
            if isinstance(answer, Greeting):
                return time.monotonic() - began
    raise AssertionError("a friend could not join within 30 s")


def _memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
