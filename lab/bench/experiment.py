"""The experiment: the same rudimentary server in several paradigms, under the same load.

The server has one core; load generator and observer have another. A run counts only if its work
equals that of the others: the server read and wrote what was sent meanwhile, with as many processes
as it should have. A run yields a reading of the CPU time every half second, and a summary. Linux
only, since the figures are from /proc.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from lab.bench.contestants import Contestant
from lab.bench.measure import clocks
from lab.bench.server import Failed, Server
from lab.bench.tools import Missing, Workshop

Sample = dict[str, Any]
PERIOD = 0.5  # seconds between two readings
RATE = 125_000  # bytes a second and connection: 1 Mbit/s, as the pacer has it
WARM_UP = 2.0  # seconds before the first reading
_TO_COME = 20.0  # seconds in which all processes have to start
_MOST_WRITES = 32_000  # a second: with more the pacer's own core would be the limit


@dataclass(frozen=True, slots=True)
class Load:
    """Connections, each with a write every `milliseconds`, and for how many seconds to measure."""

    connections: int
    milliseconds: float = 10.0
    seconds: int = 8

    def interval(self) -> float:
        """Seconds between two writes to a connection; more if one core could not make so many."""
        return max(self.milliseconds / 1000, self.connections / _MOST_WRITES)


class Pacer:
    """The load generator: it connects, then writes until it is closed."""

    def __init__(self, workshop: Workshop, port: int, load: Load, core: int) -> None:
        words = [port, load.connections, round(load.interval() * 1e6), core]
        self._process = subprocess.Popen(
            [workshop.c("pacer.c"), *map(str, words)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        if self._line() != "ready\n":
            raise Failed("the load generator could not connect")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._process.kill()
        self._process.communicate()

    def so_far(self) -> dict[str, float]:
        """Sums since it began: bytes sent, writes late, writes cut short, seconds of CPU."""
        self._process.send_signal(signal.SIGUSR1)
        answer: dict[str, float] = json.loads(self._line() or "{}")
        if not answer:
            raise Failed(self._process.communicate()[1].strip() or "the load generator ended")
        return answer

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def cores() -> tuple[int, int]:
    """The server's core, and that of generator and observer. Raises Missing."""
    if not clocks.LINUX:
        raise Missing("only Linux tells what each process has read, written and used")
    known = sorted(os.sched_getaffinity(0))
    if len(known) < 2:
        raise Missing("one core: server and load generator need one each")
    return known[-1], known[0]


def run(contestant: Contestant, load: Load, workshop: Workshop) -> Iterator[Sample]:
    """One run: its readings, each of the CPU used since the one before, and its summary."""
    server_core, own_core = cores()
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {own_core})
    try:
        with (
            Server(contestant.command(workshop), server_core) as server,
            Pacer(workshop, server.port, load, own_core) as pacer,
        ):
            pids = await_processes(server, contestant.processes(load.connections))
            time.sleep(WARM_UP)
            yield from _observed(contestant, load, pids, pacer)
    finally:
        os.sched_setaffinity(0, before)


def await_processes(server: Server, wanted: int) -> list[int]:
    """The server's processes, once there are `wanted` of them, or after _TO_COME seconds."""
    deadline = time.monotonic() + _TO_COME
    while len(pids := server.pids()) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    return pids


def _observed(
    contestant: Contestant, load: Load, pids: list[int], pacer: Pacer
) -> Iterator[Sample]:
    own = time.process_time()
    first, moved, sent = clocks.usage(pids), clocks.moved(pids), pacer.so_far()
    start = time.monotonic()
    last, at = first, start
    for i in range(int(load.seconds / PERIOD)):
        time.sleep(max(0.0, start + (i + 1) * PERIOD - time.monotonic()))
        used, now = clocks.usage(pids), time.monotonic()
        if used.nanoseconds < last.nanoseconds:
            raise Failed("the server lost processes while it was measured")
        yield {"kind": "reading", "cpu": 100 * (used - last).nanoseconds / (now - at)}
        last, at = used, now
    after, totals = clocks.moved(pids), pacer.so_far()
    seconds = time.monotonic() - start
    bytes_sent = totals["sent"] - sent["sent"]
    spent = last - first
    yield {
        "kind": "summary",
        "seconds": seconds,
        "interval": load.interval(),
        "processes": len(pids),
        "wanted": contestant.processes(load.connections),
        "rate": bytes_sent / (RATE * load.connections * seconds),
        "read": (after[0] - moved[0]) / bytes_sent if contestant.told and bytes_sent else None,
        "written": (after[1] - moved[1]) / max(1, bytes_sent),
        "late": totals["late"] - sent["late"],
        "cut": totals["cut"] - sent["cut"],
        "generator": 100 * (totals["cpu"] - sent["cpu"]) / seconds,
        "observer": 100 * (time.process_time() - own) / seconds,
        "voluntary": spent.voluntary / seconds,
        "involuntary": spent.involuntary / seconds,
        "pss": clocks.pss(pids),
    }
