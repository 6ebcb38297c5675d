"""Plots like the paper's Fig. 3: CPU over connections, and its coefficient of variation."""

import importlib.util
from pathlib import Path
from typing import Any

from lab.bench.experiment import CONTESTANTS
from lab.bench.measure.statistics import confidence, mean, variation
from lab.bench.report.results import Results
from lab.bench.tools import Missing


def draw(results: Results, directory: Path) -> list[str]:
    """Draw what was measured, as SVG and PNG; return the names of the SVGs. Raises Missing."""
    if len(results.loads()) < 2:
        return []
    if importlib.util.find_spec("matplotlib") is None:
        raise Missing("no matplotlib: pip install matplotlib")
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "papaya"  # the same figures give the same file
    directory.mkdir(exist_ok=True)
    return [
        _plot(results, directory, "cpu-nanoseconds", "nanoseconds", "CPU, exact (% of a core)"),
        _plot(results, directory, "cpu-ticks", "ticks", "CPU, as top shows it (% of a core)"),
        _plot(results, directory, "variation", "variation", "coefficient of variation of CPU"),
    ]


def _plot(results: Results, directory: Path, name: str, what: str, label: str) -> str:
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5))
    for server in CONTESTANTS.values():
        points = [
            (load, *point(results, server.name, load, what))
            for load in results.loads()
            if results.of_experiment(server.name, load, "nanoseconds")
        ]
        if points:
            x, y, error = zip(*points, strict=True)
            axes.errorbar(x, y, yerr=error, label=server.label, marker="o", capsize=2)
    _finish(axes, results, label)
    figure.tight_layout()
    figure.savefig(directory / f"{name}.svg", metadata={"Date": None})
    figure.savefig(directory / f"{name}.png", dpi=120)
    pyplot.close(figure)
    return f"{name}.svg"


def point(results: Results, server: str, load: int, what: str) -> tuple[float, float]:
    """A figure and half of its confidence interval, over the repetitions."""
    clock = "nanoseconds" if what == "variation" else what
    runs = results.of_experiment(server, load, clock).values()
    values = [variation(run) if what == "variation" else mean(run) for run in runs]
    return mean(values), confidence(values)


def _finish(axes: Any, results: Results, label: str) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xticks(results.loads(), [str(load) for load in results.loads()])
    axes.set_xlabel("connections, 1 Mbit/s each")
    axes.set_ylabel(label)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
