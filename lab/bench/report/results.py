"""The samples of a whole run: saved on disk as they come, and read again for the report."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Sample = dict[str, Any]
_FILE = "results.json"


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

    def of_room(self, peer: str, scenario: str, what: str) -> list[float]:
        """The values of one figure of a peer in a scenario, one for each repetition."""
        return [
            sample[what]
            for sample in self.room
            if (sample["peer"], sample["scenario"]) == (peer, scenario) and what in sample
        ]

    def of_experiment(self, server: str, connections: int, what: str) -> dict[int, list[float]]:
        """One figure of a server under a load: its readings, by repetition."""
        found: dict[int, list[float]] = {}
        for sample in self.experiment:
            place = (sample["server"], sample["connections"])
            if place == (server, connections) and what in sample:
                found.setdefault(sample["repetition"], []).append(sample[what])
        return found

    def loads(self) -> list[int]:
        return sorted({sample["connections"] for sample in self.experiment})


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
