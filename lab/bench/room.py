"""The room: N clients, S of them sending, and what a delivery costs each peer.

A run of a peer is one server and one generator: memory, rest, a light load, a heavy one, a flood.
Its samples are flat dictionaries; medians are the report's work.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psutil

from lab.bench.generators import Generator, command, compiled
from lab.bench.measure import clocks, ksm, pages
from lab.bench.peers import PEERS, Peer, Running
from lab.bench.report.markdown import table
from lab.bench.server import Failed
from lab.bench.tools import Workshop
from lab.kit import CHECKOUT

Sample = dict[str, Any]
_PATIENCE = 120.0  # seconds for papayactl
_FEW = 50  # clients that are measured to know what many will need
_CLIENT = 4 << 20  # bytes of a client, roughly, where it was not measured
_KERNEL = 300 * 1024  # bytes of a client in the kernel, at both ends, as measured
_SHARE = 0.8  # of the available memory that may be used
_SETTLE = 0.3  # seconds until the last messages of a load have arrived


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. `light` and `heavy` are messages a second in all, 0 for none."""

    clients: int = 100
    senders: int = 10
    seconds: float = 3.0
    light: float = 100.0
    heavy: float = 1000.0
    flood: int = 50_000
    rest: float = 1.0


def run(peer: Peer, plan: Plan, workshop: Workshop) -> Iterator[Sample]:
    """One run of a peer, sample by sample; raises Missing and Failed."""
    with peer.start(workshop) as server:
        empty, empty_kernel = clocks.pss(server.pids()), clocks.kernel_memory()
        with _generator(peer, server, plan, workshop) as generator:
            time.sleep(_SETTLE)
            yield {
                "scenario": "memory",
                "clients": plan.clients,
                "pss": (clocks.pss(server.pids()) - empty) / plan.clients,
                "kernel": (clocks.kernel_memory() - empty_kernel) / plan.clients,
            }
            if plan.rest:
                yield {"scenario": "rest"} | _rest(server, plan.rest)
            for name, rate in (("light", plan.light), ("heavy", plan.heavy)):
                if rate:
                    line = f"paced {rate} {plan.seconds}"
                    yield {"scenario": name, "rate": rate} | _load(server, generator, line)
            if plan.flood:
                fast = compiled(workshop, peer.generator_tls)
                line = f"flood {plan.flood if fast else plan.flood // 25}"
                yield {"scenario": "flood"} | _load(server, generator, line)


def joins(peer: Peer, clients: int, workshop: Workshop) -> Sample:
    """How fast `clients` come in, 16 of them at a time; each stays."""
    with peer.start(workshop) as server:
        before = clocks.usage(server.pids())
        with _generator(peer, server, Plan(clients=clients, senders=1), workshop) as generator:
            spent = clocks.usage(server.pids()) - before
            seconds = generator.joined["seconds"]
            return {
                "scenario": "joins",
                "clients": clients,
                "seconds": seconds,
                "per_second": clients / seconds,
                "cpu": spent.nanoseconds / clients,
                "generator": generator.joined["generator_cpu"] / seconds,
            }


def crowd(peer: Peer, clients: int, workshop: Workshop, merged: bool = False) -> Sample:
    """Very many clients, and one message to all of them; raises Failed where they do not fit."""
    plan = Plan(clients=clients, senders=1)
    if merged:
        ksm.ask()
    with peer.start(workshop) as server:
        with _generator(peer, server, Plan(clients=_FEW, senders=1), workshop):
            if merged:
                ksm.await_rest(server.pids)
            refuse_what_does_not_fit(clients, clocks.pss(server.pids()) / _FEW)
        with _generator(peer, server, plan, workshop) as generator:
            if merged:
                ksm.await_rest(server.pids)
            return _one_to_all(server, generator, clients)


def refuse_what_does_not_fit(clients: int, each: float) -> None:
    """Refuse before the machine runs out of memory for everybody on it. `each` in bytes."""
    needed, available = clients * (each + _KERNEL), psutil.virtual_memory().available
    if needed > _SHARE * available:
        raise Failed(
            f"{clients} clients would need {needed / 2**30:.0f} GiB, "
            f"and {available / 2**30:.0f} GiB are free"
        )


def memory(peer: Peer, clients: int, merged: bool, workshop: Workshop) -> str:
    """Tables of whose pages the processes of one client in the middle have, in KiB."""
    if merged:
        ksm.ask()
    with peer.start(workshop) as server:
        empty = clocks.pss(server.pids())
        with _generator(peer, server, Plan(clients=clients, senders=1), workshop):
            time.sleep(_SETTLE)
            if merged:
                ksm.await_rest(server.pids)
            pids = server.pids()
            census = pages.Census(getattr(server, "room").acceptor(), pids)  # noqa: B009
            each = (clocks.pss(pids) - empty) / clients / 1024
            entry = getattr(server, "room").entries()[clients // 2]  # noqa: B009
            parts = [
                f"PSS a client: {each:,.0f} KiB. A bare child that waits owns "
                f"{pages.floor() * pages.PAGE // 1024} KiB."
            ]
            for role, pid in (("RECV", entry.recv), ("SEND", entry.send)):
                head = [f"{role}, KiB", *pages.CLASSES]
                parts.append(table(head, pages.rows(census.classes(pid))))
    return "\n\n".join(parts)


def _one_to_all(server: Running, generator: Generator, clients: int) -> Sample:
    pids = server.pids()
    return generator.ask("paced 1 1") | {
        "scenario": "crowd",
        "clients": clients,
        "processes": len(pids),
        "pss": clocks.pss(pids) / clients,
        "joining": generator.joined["seconds"],
    }


def listing(clients: int, workshop: Workshop) -> Sample:
    """What `papayactl list` costs in a room of that size: seconds by the clock, and of CPU."""
    refuse_what_does_not_fit(clients, _CLIENT)
    peer = PEERS["papayad"]
    plan = Plan(clients=clients, senders=1)
    with peer.start(workshop) as server, _generator(peer, server, plan, workshop):
        path = getattr(server, "room").path  # noqa: B009 - of papayad's only
        words = [sys.executable, "-m", "papayactl", "--config", str(path), "--json", "list"]
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(
            words, capture_output=True, text=True, cwd=CHECKOUT, timeout=_PATIENCE, check=False
        )
        wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise Failed(f"papayactl list: {done.stderr.strip()[-300:]}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"scenario": "list", "clients": clients, "wall": wall, "spent": used}


def disk(peer: Peer, seconds: float, workshop: Workshop) -> Sample:
    """20 senders, 5 messages a second each: how long until everybody sees a message."""
    plan = Plan(clients=20, senders=20)
    with peer.start(workshop) as server, _generator(peer, server, plan, workshop) as generator:
        return {"scenario": "disk"} | _load(server, generator, f"paced 100 {seconds}")


def _generator(peer: Peer, server: Running, plan: Plan, workshop: Workshop) -> Generator:
    return Generator(
        command(workshop, peer.generator_tls),
        peer.protocol,
        server.port,
        plan.clients,
        plan.senders,
        token=getattr(server, "token", "x"),
    )


def _rest(server: Running, seconds: float) -> Sample:
    """Context switches while nobody says anything."""
    pids = server.pids()
    spent = _spent(pids, lambda: time.sleep(seconds))
    return {"seconds": seconds, "switches": spent.voluntary + spent.involuntary}


def _load(server: Running, generator: Generator, line: str) -> Sample:
    """One command of the generator; CPU is that of all of the server's processes."""
    pids = server.pids()
    answer: Sample = {}
    spent = _spent(pids, lambda: answer.update(generator.ask(line)))
    delivered = max(1, answer["delivered"])
    return answer | {
        "cpu": spent.nanoseconds / delivered,
        "switches": (spent.voluntary + spent.involuntary) / delivered,
        "per_second": answer["delivered"] / answer["seconds"],
        "generator": answer["generator_cpu"] / answer["seconds"],
    }


def _spent(pids: list[int], work: Callable[[], None]) -> clocks.Usage:
    before = clocks.usage(pids)
    work()
    return clocks.usage(pids) - before
