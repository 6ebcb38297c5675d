"""Samples of a run that never was, for the report's tests."""

from lab.bench.report.results import Results, Sample


def load(peer: str, scenario: str, repetition: int, cpu: float, **others: float) -> Sample:
    return {
        "peer": peer, "scenario": scenario, "repetition": repetition, "cpu": cpu, "p50": 0.001,
        "p99": 0.008, "max": 0.02, "lost": 0, "repeated": 0, "reordered": 0, "broken": 0,
        "per_second": 1e6, "generator": 0.2, "rate": 100.0,
    } | others  # fmt: skip


def reading(server: str, repetition: int, exact: float, ticks: float) -> Sample:
    return {
        "server": server, "connections": 64, "repetition": repetition, "kind": "reading",
        "nanoseconds": exact, "ticks": ticks, "voluntary": 10.0, "involuntary": 1.0,
    }  # fmt: skip


def small() -> Results:
    """papayad costs 1.2 times what C costs, the re-created original loses, C is seen by no tick."""
    found = Results("short", {"kernel": "Linux"}, complete=True)
    for repetition, cpu in enumerate((50e-6, 48e-6, 90e-6)):
        found.room.append(load("papayad", "light", repetition, cpu))
        found.room.append(load("floor", "light", repetition, 42e-6))
        found.room.append(load("original", "flood", repetition, 1e-6, lost=7, generator=0.95))
    for name in ("papayad", "floor", "original"):
        memory = {"scenario": "memory", "clients": 100, "pss": 2.0**20, "kernel": 1e5}
        found.room.append({"peer": name, "repetition": 0} | memory)
    for repetition in range(2):
        for exact in (10.0, 12.0):
            found.experiment.append(reading("c", repetition, exact, 0.0))
            found.experiment.append(reading("recv", repetition, exact * 2, exact))
    return found
