"""Samples of a run that never was, for the report's tests."""

from lab.bench.report.results import Results, Sample


def load(peer: str, scenario: str, repetition: int, cpu: float, **others: float) -> Sample:
    return {
        "peer": peer, "scenario": scenario, "repetition": repetition, "cpu": cpu, "p50": 0.001,
        "p99": 0.008, "max": 0.02, "lost": 0, "repeated": 0, "reordered": 0, "broken": 0,
        "per_second": 1e6, "generator": 0.2, "rate": 100.0,
    } | others  # fmt: skip


def run(server: str, repetition: int, cpu: float, read: float = 1.0) -> list[Sample]:
    """Two readings, and their summary."""
    facts: Sample = {
        "server": server, "connections": 64, "milliseconds": 10.0, "repetition": repetition,
    }  # fmt: skip
    summary: Sample = {
        "kind": "summary", "seconds": 8.0, "interval": 0.01, "processes": 65, "wanted": 65,
        "rate": 1.0, "read": read, "written": 1.0, "late": 0, "cut": 0, "generator": 20.0,
        "observer": 1.0, "voluntary": 10.0, "involuntary": 1.0, "pss": 2**20,
    }  # fmt: skip
    readings = [{"kind": "reading", "cpu": cpu * factor} for factor in (0.9, 1.1)]
    return [facts | one for one in (*readings, summary)]


def small() -> Results:
    """papayad costs 1.2 times what C costs, the re-created original loses, C reads all but once."""
    found = Results("short", {"kernel": "Linux"}, complete=True)
    for repetition, cpu in enumerate((50e-6, 48e-6, 90e-6)):
        found.room.append(load("papayad", "light", repetition, cpu))
        found.room.append(load("floor", "light", repetition, cpu / 1.2))
        found.room.append(load("original", "flood", repetition, 1e-6, lost=7, generator=0.95))
    for name in ("papayad", "floor", "original"):
        memory = {"scenario": "memory", "clients": 100, "pss": 1.5 * 2.0**20, "kernel": 1e5}
        found.room.append({"peer": name, "repetition": 0} | memory)
    for repetition, cpu in enumerate((10.0, 12.0, 30.0)):
        found.experiment += run("c", repetition, cpu, read=0.0 if repetition == 2 else 1.0)
        found.experiment += run("recv", repetition, cpu * 2)
        found.experiment += run("go", repetition, cpu * 1.5)
    return found
