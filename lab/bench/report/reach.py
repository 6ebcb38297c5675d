"""The goals of papayad: reached, not reached, or not measured (a leaf)."""

from collections.abc import Callable
from dataclasses import dataclass

from lab.bench.measure.statistics import mean, median
from lab.bench.report.results import Results

Value = float | None


@dataclass(frozen=True, slots=True)
class Goal:
    """`value` is compared with `limit`; None: what it needs was not measured."""

    what: str
    unit: str
    limit: float
    at_most: bool
    value: Callable[[Results], Value]

    def verdict(self, results: Results) -> str:
        value = self.value(results)
        if value is None:
            return "not measured"
        return "reached" if (value <= self.limit) == self.at_most else "not reached"


def figure(results: Results, peer: str, scenario: str, what: str) -> Value:
    values = results.of_room(peer, scenario, what)
    return median(values) if values else None


def _plain(peer: str, scenario: str, what: str, factor: float = 1.0) -> Callable[[Results], Value]:
    def value(results: Results) -> Value:
        known = figure(results, peer, scenario, what)
        return None if known is None else known * factor

    return value


def _ratio(what: str, scenario: str, peer: str, other: str) -> Callable[[Results], Value]:
    def value(results: Results) -> Value:
        one = figure(results, peer, scenario, what)
        two = figure(results, other, scenario, what)
        return None if one is None or not two else one / two

    return value


def _experiment(results: Results) -> Value:
    """At 64 connections, by nanoseconds."""
    ours, theirs = (
        [mean(values) for values in results.of_experiment(name, 64, "nanoseconds").values()]
        for name in ("recv", "c")
    )
    return median(ours) / median(theirs) if ours and theirs else None


def _losses(results: Results) -> Value:
    peers = [name for name in {s["peer"] for s in results.room} if name.startswith("papayad")]
    wrong = [
        sum(results.of_room(peer, scenario, what))
        for peer in peers
        for scenario in ("light", "heavy", "flood")
        for what in ("lost", "late", "repeated", "reordered", "broken")
    ]
    return sum(wrong) if wrong else None


GOALS = (
    Goal("CPU a delivery, light load, against the same system calls in C", "x", 1.4, True,
         _ratio("cpu", "light", "papayad", "floor")),
    Goal("p99 latency, light load", "ms", 10, True, _plain("papayad", "light", "p99", 1e3)),
    Goal("CPU a delivery with linger 20 ms, against papayaChat re-created without", "x", 0.6, True,
         _ratio("cpu", "light", "papayad-linger", "original")),
    Goal("p99 latency with linger 20 ms", "ms", 35, True,
         _plain("papayad-linger", "light", "p99", 1e3)),
    Goal("CPU a delivery with linger 20 ms, heavy load, against Go", "x", 1.0, True,
         _ratio("cpu", "heavy", "papayad-linger", "go")),
    Goal("deliveries a second in a flood, against Go, a message at a time", "x", 2.0, False,
         _ratio("per_second", "flood", "papayad", "go")),
    Goal("deliveries a second in a flood, against Go, a chunk at a time", "x", 2.0, False,
         _ratio("per_second", "flood", "papayad", "go-chunks")),
    Goal("messages lost, repeated, reordered or broken by papayad", "", 0, True, _losses),
    Goal("PSS a client, RECV and SEND", "MiB", 0.8, True,
         _plain("papayad", "memory", "pss", 2**-20)),
    Goal("joins a second, TLS off", "/s", 400, False, _plain("papayad", "joins", "per_second")),
    Goal("joins a second, TLS on", "/s", 250, False, _plain("papayad-tls", "joins", "per_second")),
    Goal("the experiment, 64 connections: papayad's RECV against C processes", "x", 1.1, True,
         _experiment),
    Goal("context switches of an idle room", "", 0, True, _plain("papayad", "rest", "switches")),
    Goal("p99 on disk, fsync of 5 ms, 20 senders, 5 messages a second each", "ms", 60, True,
         _plain("papayad-slow-disk", "disk", "p99", 1e3)),
    Goal("10,000 clients: one message to all", "s", 1.0, True,
         _plain("papayad", "crowd", "max")),
)  # fmt: skip
