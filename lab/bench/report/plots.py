"""Plots like the paper's Fig. 3: CPU over connections, and its coefficient of variation."""

from collections.abc import Iterator
from pathlib import Path

from lab.bench.experiment import CONTESTANTS
from lab.bench.measure.statistics import confidence, mean, variation
from lab.bench.report import chart
from lab.bench.report.chart import Line
from lab.bench.report.results import Results

PLOTS = {
    "nanoseconds": ("cpu-nanoseconds.svg", "CPU, exact (% of a core)"),
    "ticks": ("cpu-ticks.svg", "CPU, as top shows it (% of a core)"),
    "variation": ("variation.svg", "coefficient of variation of CPU"),
}
X_LABEL = "connections, 1 Mbit/s each"


def draw(results: Results, directory: Path) -> list[str]:
    """Draw what was measured as SVG; return the names of the files. One load is no line."""
    loads = [str(load) for load in results.loads()]
    if len(loads) < 2:
        return []
    directory.mkdir(parents=True, exist_ok=True)
    for what, (name, label) in PLOTS.items():
        lines = list(_lines(results, what))
        (directory / name).write_text(chart.draw(X_LABEL, label, loads, lines), encoding="utf-8")
    return [name for name, _ in PLOTS.values()]


def _lines(results: Results, what: str) -> Iterator[Line]:
    for server in CONTESTANTS.values():
        points = {
            place: point(results, server.name, load, what)
            for place, load in enumerate(results.loads())
            if results.of_experiment(server.name, load, "nanoseconds")
        }
        if points:
            yield Line(server.label, points)


def point(results: Results, server: str, load: int, what: str) -> tuple[float, float]:
    """A figure and half of its confidence interval, over the repetitions."""
    clock = "nanoseconds" if what == "variation" else what
    runs = results.of_experiment(server, load, clock).values()
    values = [variation(run) if what == "variation" else mean(run) for run in runs]
    return mean(values), confidence(values)
