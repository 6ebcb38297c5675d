"""papayad's goals: each is reached, not reached, or not measured (a leaf).

Three tables: without TLS, with TLS, and the rest. The first two are made for each Python.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lab.bench.measure.statistics import Ratio, median
from lab.bench.report.markdown import NONE, number, table
from lab.bench.report.results import Results

HERE, DEBIAN_13 = "", "-13"  # with what the names of papayad's peers end, by its Python
_WRONG = ("lost", "late", "repeated", "reordered", "broken")

Measured = float | Ratio | None


@dataclass(frozen=True, slots=True)
class Goal:
    """`value` of a Python's peers is compared with `limit`; None: it was not measured.

    A ratio is judged by its interval: it has to lie on the right side of the limit as a whole.
    """

    what: str
    unit: str
    limit: float
    at_most: bool
    value: Callable[[Results, str], Measured]

    def verdict(self, results: Results, python: str = HERE) -> str:
        value = self.value(results, python)
        if value is None:
            return "not measured"
        low, high = (value.low, value.high) if isinstance(value, Ratio) else (value, value)
        if not self.at_most:
            low, high = -high, -low
        limit = self.limit if self.at_most else -self.limit
        return "reached" if high <= limit else "not reached" if low > limit else "not sure"

    def told(self, results: Results, python: str = HERE) -> str:
        value = self.value(results, python)
        if value is None:
            return NONE
        return (
            str(value) if isinstance(value, Ratio) else f"{number(value, 2)} {self.unit}".rstrip()
        )

    def wanted(self) -> str:
        return f"{'<=' if self.at_most else '>='} {self.limit:g} {self.unit}".rstrip()


def tables(results: Results) -> list[str]:
    """Each of them Markdown, with a heading."""
    pythons = [HERE, DEBIAN_13] if results.by_repetition("papayad-13", "memory", "pss") else [HERE]
    return [
        "### Without TLS\n\n" + _table(results, PLAIN, pythons),
        "### With TLS, which is the default\n\n" + _table(results, TLS, pythons),
        "### Besides\n\n" + _table(results, OTHERS, [HERE]),
    ]


def _table(results: Results, goals: Sequence[Goal], pythons: Sequence[str]) -> str:
    rows = []
    for goal in goals:
        cells = [(goal.told(results, name), goal.verdict(results, name)) for name in pythons]
        rows.append([goal.what, goal.wanted(), *(cell for pair in cells for cell in pair)])
    head = ["what", "goal"]
    for name in pythons:
        head += [_python(results, name), ""]
    return table(head, rows)


def _python(results: Results, name: str) -> str:
    known = results.machine.get("python of Debian 13" if name else "python", "")
    return f"Python {known.partition(' ')[0]}".rstrip()


def figure(results: Results, peer: str, scenario: str, what: str) -> float | None:
    values = results.of_room(peer, scenario, what)
    return median(values) if values else None


def _of(
    peer: str, scenario: str, what: str, factor: float = 1.0
) -> Callable[[Results, str], Measured]:
    def value(results: Results, python: str) -> Measured:
        known = figure(results, peer + python, scenario, what)
        return None if known is None else known * factor

    return value


def _over(what: str, scenario: str, peer: str, other: str) -> Callable[[Results, str], Measured]:
    """papayad over another server, which is the same for each Python."""
    return lambda results, python: results.ratio_of_room(peer + python, other, scenario, what)


def _losses(peer: str) -> Callable[[Results, str], Measured]:
    def value(results: Results, python: str) -> Measured:
        counts = [
            sum(results.of_room(peer + python, scenario, what))
            for scenario in ("light", "heavy", "flood")
            for what in _WRONG
        ]
        return sum(counts) if results.of_room(peer + python, "light", "lost") else None

    return value


def _goals(peer: str, floor: str, pss: float, joins: float, p99: float) -> tuple[Goal, ...]:
    """The goals that are the same with TLS and without."""
    return (
        Goal("PSS a client, RECV and SEND", "MiB", pss, True, _of(peer, "memory", "pss", 2**-20)),
        Goal("joins a second", "/s", joins, False, _of(peer, "joins", "per_second")),
        Goal("CPU a delivery, light load, against the same system calls in C", "x", 1.35, True,
             _over("cpu", "light", peer, floor)),
        Goal("p99 latency, light load", "ms", 10, True, _of(peer, "light", "p99", 1e3)),
        Goal("p99 latency, heavy load", "ms", p99, True, _of(peer, "heavy", "p99", 1e3)),
        Goal("messages lost, late, repeated, reordered or broken", "", 0, True, _losses(peer)),
        Goal("context switches of an idle room", "", 0, True, _of(peer, "rest", "switches")),
    )  # fmt: skip


PLAIN = (
    *_goals("papayad", "floor", 1.4, 450, 60),
    Goal("PSS a client, as far as one would like", "MiB", 1.2, True,
         _of("papayad", "memory", "pss", 2**-20)),
    Goal("deliveries a second in a flood, against Go, a message at a time", "x", 2.0, False,
         _over("per_second", "flood", "papayad", "go")),
    Goal("deliveries a second in a flood, against Go, a chunk at a time", "x", 1.0, False,
         _over("per_second", "flood", "papayad", "go-chunks")),
)  # fmt: skip

TLS = (
    *_goals("papayad-tls", "floor-tls", 2.0, 280, 60),
    Goal("deliveries a second in a flood, against Go, a message at a time", "x", 1.0, False,
         _over("per_second", "flood", "papayad-tls", "go-tls")),
    Goal("deliveries a second in a flood, against Go, a chunk at a time", "x", 1.0, False,
         _over("per_second", "flood", "papayad-tls", "go-chunks-tls")),
)  # fmt: skip

OTHERS = (
    Goal("CPU a delivery with linger 20 ms, against papayaChat re-created without", "x", 0.6, True,
         _over("cpu", "light", "papayad-linger", "original")),
    Goal("p99 latency with linger 20 ms", "ms", 35, True,
         _of("papayad-linger", "light", "p99", 1e3)),
    Goal("CPU a delivery with linger 20 ms, heavy load, against Go", "x", 1.0, True,
         _over("cpu", "heavy", "papayad-linger", "go")),
    Goal("messages lost, late, repeated, reordered or broken with durability on disk", "", 0, True,
         _losses("papayad-disk")),
    Goal("p99 on disk, fsync of 5 ms, 20 senders, 5 messages a second each", "ms", 60, True,
         _of("papayad-slow-disk", "disk", "p99", 1e3)),
    Goal("the experiment, 64 connections: papayad's RECV against C processes", "x", 1.1, True,
         lambda results, _: results.ratio("recv", "c", (64, 10.0))),
    Goal("10,000 clients: one message to all", "s", 1.0, True, _of("papayad", "crowd", "max")),
)  # fmt: skip
GOALS = (*PLAIN, *TLS, *OTHERS)
