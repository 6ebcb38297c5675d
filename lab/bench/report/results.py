"""The samples of a whole run: saved on disk as they come, and read again for the report."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.bench.measure import equality
from lab.bench.measure.statistics import Ratio, mean, paired, variation

Sample = dict[str, Any]
_FILE = "results.json"
Load = tuple[int, float]  # connections, and milliseconds between two writes to each


@dataclass(frozen=True, slots=True)
class Run:
    """One server in one block under one load; `why_not` tells why it does not count."""

    readings: list[float]  # per cent of a core
    summary: Sample

    @property
    def cpu(self) -> float:
        return mean(self.readings)

    @property
    def variation(self) -> float:
        return variation(self.readings)

    @property
    def why_not(self) -> str:
        return equality.why_not(self.summary)


@dataclass
class Results:
    """`missing`: rows that could not be measured, and why. `complete`: nobody pressed Ctrl-C."""

    form: str = "short"
    machine: dict[str, str] = field(default_factory=dict)
    room: list[Sample] = field(default_factory=list)
    experiment: list[Sample] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    complete: bool = False

    def save(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / _FILE).write_text(json.dumps(self.__dict__, indent=1) + "\n")
        write_csv(directory / "room.csv", self.room)
        write_csv(directory / "experiment.csv", self.experiment)

    def was_busy(self) -> bool:
        """Whether the machine was busy when the bench began: then figures of time mean nothing."""
        before, cores = self.machine.get("load at the start", ""), self.machine.get("cores", "1")
        return bool(before) and float(before.split()[0]) > int(cores)

    def of_room(self, peer: str, scenario: str, what: str) -> list[float]:
        """The values of one figure of a peer in a scenario, one for each repetition."""
        return list(self.by_repetition(peer, scenario, what).values())

    def by_repetition(self, peer: str, scenario: str, what: str) -> dict[int, float]:
        return {
            sample["repetition"]: sample[what]
            for sample in self.room
            if (sample["peer"], sample["scenario"]) == (peer, scenario) and what in sample
        }

    def ratio_of_room(self, one: str, other: str, scenario: str, what: str) -> Ratio | None:
        """One peer over another, paired by repetition."""
        return _paired(
            self.by_repetition(one, scenario, what), self.by_repetition(other, scenario, what)
        )

    def all_runs(self, server: str, load: Load) -> dict[int, Run]:
        """Every run of a server under a load, by block, including those that do not count."""
        found: dict[int, list[Sample]] = {}
        for sample in self.experiment:
            if (sample["server"], sample["connections"], sample["milliseconds"]) == (server, *load):
                found.setdefault(sample["repetition"], []).append(sample)
        return {
            block: Run([one["cpu"] for one in samples if one["kind"] == "reading"], summary)
            for block, samples in found.items()
            for summary in samples
            if summary["kind"] == "summary"
        }

    def runs(self, server: str, load: Load) -> dict[int, Run]:
        """The runs that count."""
        return {block: run for block, run in self.all_runs(server, load).items() if not run.why_not}

    def ratio(self, one: str, other: str, load: Load, what: str = "cpu") -> Ratio | None:
        """One server over another, paired by block. `what`: "cpu" or "variation"."""
        ones, others = (
            {block: getattr(run, what) for block, run in self.runs(name, load).items()}
            for name in (one, other)
        )
        return _paired(ones, others)

    def loads(self) -> list[Load]:
        return sorted({(one["connections"], one["milliseconds"]) for one in self.experiment})


def _paired(ones: dict[int, float], others: dict[int, float]) -> Ratio | None:
    both = sorted(ones.keys() & others.keys())
    return paired([ones[place] for place in both], [others[place] for place in both])


def load(directory: Path) -> Results:
    """Raises FileNotFoundError where nothing was measured yet."""
    return Results(**json.loads((directory / _FILE).read_text()))


def write_csv(path: Path, samples: Iterable[Sample]) -> None:
    rows = list(samples)
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
