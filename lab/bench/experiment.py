"""The experiment: the same rudimentary server in several paradigms, under the same load.

The server has one core and the load generator another. Every half second two clocks are read at
once, over all of the server's processes; the raw readings are kept.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lab.bench.measure import clocks
from lab.bench.server import Failed, Server
from lab.bench.tools import HERE, Workshop, need_module

Sample = dict[str, Any]
PERIOD = 0.5  # seconds between two readings
_SETTLE = 0.3
_MORE = 30  # seconds that the generator would go on after the measurement, if it were not ended
_PYTHON = sys.executable


@dataclass(frozen=True, slots=True)
class Contestant:
    """One server. `command` raises Missing."""

    name: str
    label: str
    command: Callable[[Workshop], list[str]]


def _python(file: str, *options: str, module: str = "") -> Callable[[Workshop], list[str]]:
    def command(workshop: Workshop) -> list[str]:
        if module:
            need_module(module)
        return [_PYTHON, str(HERE / "servers" / file), "{port}", *options]

    return command


CONTESTANTS = {
    one.name: one
    for one in (
        Contestant("c", "C, process per client", lambda w: [w.c("servers/processes.c"), "{port}"]),
        Contestant(
            "c-printf",
            "C, process per client, printf as in the paper",
            lambda w: [w.c("servers/processes.c", "-DPRINTF"), "{port}"],
        ),
        Contestant("python", "Python, process per client", _python("processes.py")),
        Contestant("recv", "papayad's RECV", _python("recv.py")),
        Contestant("recv-lines", "papayad's RECV, lines taken apart", _python("recv.py", "lines")),
        Contestant(
            "go-q",
            "Go, %q as in the paper",
            lambda w: [w.go("servers/goroutines.go"), "{port}", "q"],
        ),
        Contestant("go", "Go", lambda w: [w.go("servers/goroutines.go"), "{port}", "plain"]),
        Contestant("asyncio", "asyncio", _python("loop.py", "asyncio")),
        Contestant("uvloop", "asyncio with uvloop", _python("loop.py", "uvloop", module="uvloop")),
        Contestant("threads", "Python, thread per client", _python("threads.py")),
    )
}


def cores() -> tuple[int, int] | tuple[None, None]:
    """A core for the server and one for the generator; None where processes cannot be pinned."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    known = sorted(os.sched_getaffinity(0))
    return known[-1], known[0]


def run(
    contestant: Contestant, connections: int, seconds: int, workshop: Workshop
) -> Iterator[Sample]:
    """The readings of one run, each since the one before it; the last one is the generator's."""
    server_core, generator_core = cores()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with Server(contestant.command(workshop), server_core) as server:
        core = -1 if generator_core is None else generator_core
        words = [str(word) for word in (server.port, connections, seconds + _MORE, core)]
        pacer = subprocess.Popen(
            [_PYTHON, str(HERE / "pacer.py"), *words],
            stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            assert pacer.stdout is not None
            if pacer.stdout.readline() != "ready\n":
                raise Failed("the load generator could not connect")
            start = time.monotonic()
            if clocks.LINUX:
                yield from _readings(server, seconds)
            else:
                time.sleep(seconds)
            pacer.terminate()
            answer = pacer.stdout.readline()
            yield {"kind": "generator"} | json.loads(answer or "{}")
        finally:
            pacer.kill()
            pacer.communicate()
    if not clocks.LINUX:
        yield _afterwards(before, time.monotonic() - start)


def _settled(server: Server) -> list[int]:
    """Wait until the server makes no more processes; return them."""
    pids = server.pids()
    for _ in range(20):
        time.sleep(_SETTLE)
        now = server.pids()
        if len(now) == len(pids):
            break
        pids = now
    return now


def _readings(server: Server, seconds: float) -> Iterator[Sample]:
    pids = _settled(server)
    start = at = time.monotonic()
    before = clocks.usage(pids)
    for i in range(int(seconds / PERIOD)):
        time.sleep(max(0.0, start + (i + 1) * PERIOD - time.monotonic()))
        used, now = clocks.usage(pids), time.monotonic()
        if used.nanoseconds < before.nanoseconds:
            raise Failed("the server lost processes while it was measured")
        spent, elapsed = used - before, now - at
        yield {
            "kind": "reading",
            "at": now - start,
            "ticks": 100 * spent.ticks / elapsed,
            "nanoseconds": 100 * spent.nanoseconds / elapsed,
            "voluntary": spent.voluntary / elapsed,
            "involuntary": spent.involuntary / elapsed,
        }
        before, at = used, now
    yield {"kind": "memory", "pss": clocks.pss(pids), "processes": len(pids)}


def _afterwards(before: resource.struct_rusage, seconds: float) -> Sample:
    """Without /proc: what the server used in its whole life, known when it has ended."""
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"kind": "reading", "at": seconds, "nanoseconds": 100 * used / seconds}
