"""How much is measured: the short form, the full one, and the steps that they consist of.

Each repetition measures all of the peers. So when the machine is slower for a while, that slows all
of them, and the figures of one repetition can be compared in pairs. Which peer is first is drawn
by lot in each repetition.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lab.bench import experiment, peers, room
from lab.bench.contestants import CONTESTANTS, Contestant
from lab.bench.experiment import Load
from lab.bench.peers import PEERS
from lab.bench.report.results import Sample
from lab.bench.tools import Workshop

_JOINING = (
    "papayad", "papayad-13", "papayad-tls", "papayad-tls-13", "floor", "floor-tls", "go", "go-tls",
    "asyncio",
)  # fmt: skip
_SIZED = ("papayad", "papayad-13", "papayad-tls", "papayad-tls-13")
_PAPERS = ("paper-c", "paper-go", "c", "go", "recv")


@dataclass(frozen=True, slots=True)
class Form:
    """`joins`, `listing`, `sizes` and `crowd` are numbers of clients, 0 or empty for none.

    `loads` are those of the experiment, each with the servers that are measured under it.
    """

    name: str
    repetitions: int
    room: room.Plan
    joins: int
    listing: int
    sizes: tuple[int, ...]
    crowd: int
    disk: float
    loads: tuple[tuple[Load, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """Something to measure. `row` is the peer that is left out if something for it is missing."""

    words: str
    row: str
    work: Callable[[], Iterable[Sample]]
    facts: dict[str, object]


_SHORT_LOADS = (
    (Load(64), tuple(name for name in CONTESTANTS if name not in ("uvloop", "recv-lines"))),
    (Load(16), _PAPERS),
    (Load(4), _PAPERS),
    (Load(64, milliseconds=2), ("c", "go")),
    (Load(64, milliseconds=50), ("c", "go")),
)
_FULL_LOADS = (
    *((Load(1 << power, seconds=30), tuple(CONTESTANTS)) for power in range(7)),
    *((Load(64, every, 30), ("c", "go", "python", "asyncio", "recv")) for every in (2, 50)),
)
MANY = tuple((Load(1 << power, seconds=30), tuple(CONTESTANTS)) for power in range(7, 11))

SHORT = Form("short", 5, room.Plan(seconds=2.0), 200, 1000, (), 0, 3.0, _SHORT_LOADS)
FULL = Form(
    "full", 5, room.Plan(seconds=10.0, flood=200_000, rest=10.0), 1000, 1000, (1000, 5000), 10_000,
    30.0, _FULL_LOADS,
)  # fmt: skip


def room_steps(form: Form, chosen: tuple[str, ...], workshop: Workshop) -> list[Step]:
    steps: list[Step] = []
    for repetition in range(form.repetitions):
        for name in _shuffled(chosen, repetition):
            steps += _of_peer(PEERS[name], form, repetition, workshop)
        if "papayad" in chosen:
            steps += _of_papayad(form, repetition, workshop)
    for clients in form.sizes:
        for name in [one for one in _SIZED if one in chosen]:
            steps.append(_size(PEERS[name], clients, workshop))
    if form.crowd and "papayad" in chosen:
        facts: dict[str, object] = {"peer": "papayad", "repetition": 0}
        steps.append(Step("a crowd", f"{form.crowd} clients", _crowd(form, workshop), facts))
    return steps


def _of_peer(peer: peers.Peer, form: Form, repetition: int, workshop: Workshop) -> list[Step]:
    facts: dict[str, object] = {"peer": peer.name, "repetition": repetition}
    steps = [Step(peer.label, peer.label, lambda: room.run(peer, form.room, workshop), facts)]
    if peer.name in _JOINING:
        words = f"{peer.label}: joins"
        steps.append(
            Step(words, peer.label, lambda: [room.joins(peer, form.joins, workshop)], facts)
        )
    return steps


def _of_papayad(form: Form, repetition: int, workshop: Workshop) -> list[Step]:
    slow, words = peers.SLOW_DISK, "papayactl list"
    listing: dict[str, object] = {"peer": "papayad", "repetition": repetition}
    disk: dict[str, object] = {"peer": slow.name, "repetition": repetition}
    return [
        Step(words, words, lambda: [room.listing(form.listing, workshop)], listing),
        Step(slow.label, slow.label, lambda: [room.disk(slow, form.disk, workshop)], disk),
    ]


def _size(peer: peers.Peer, clients: int, workshop: Workshop) -> Step:
    words = f"{peer.label}: a room of {clients:,}"
    facts: dict[str, object] = {"peer": peer.name, "repetition": clients}
    return Step(
        words, words, lambda: [room.crowd(peer, clients, workshop) | {"scenario": "size"}], facts
    )


def _crowd(form: Form, workshop: Workshop) -> Callable[[], Iterable[Sample]]:
    return lambda: [room.crowd(PEERS["papayad"], form.crowd, workshop)]


def experiment_steps(form: Form, chosen: tuple[str, ...], workshop: Workshop) -> list[Step]:
    """Block by block; in a block, all servers are measured under one load, then under the next."""
    return [
        _run(CONTESTANTS[name], load, block, workshop)
        for block in range(form.repetitions)
        for load, names in form.loads
        for name in _shuffled([one for one in names if one in chosen], block)
    ]


def _run(one: Contestant, load: Load, block: int, workshop: Workshop) -> Step:
    facts: dict[str, object] = {
        "server": one.name, "connections": load.connections, "milliseconds": load.milliseconds,
        "repetition": block,
    }  # fmt: skip
    words = f"{one.label}, {load.connections} connections"
    return Step(words, one.label, lambda: experiment.run(one, load, workshop), facts)


def _shuffled(names: Iterable[str], repetition: int) -> list[str]:
    """In an order that differs between repetitions and is the same whenever the bench runs."""
    known = list(names)
    random.Random(repetition).shuffle(known)
    return known
