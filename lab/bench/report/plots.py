"""Plots like the paper's: CPU over connections, its coefficient of variation, and the ratios."""

from collections.abc import Iterator
from pathlib import Path

from lab.bench.contestants import CONTESTANTS
from lab.bench.measure.statistics import confidence, mean
from lab.bench.report import chart
from lab.bench.report.chart import Line
from lab.bench.report.experiment_section import QUESTIONS
from lab.bench.report.paper import CORRECTED, PRINTED
from lab.bench.report.results import Results

_EVERY = 10.0  # milliseconds between two writes, of the loads that are drawn
_SHOWN = ("paper-c", "paper-go", "c", "go", "recv", "asyncio")
_RATIOS = "ratios.svg"
_LINES = {
    "cpu": ("cpu.svg", "CPU (% of a core)"),
    "variation": ("variation.svg", "coefficient of variation of CPU"),
}


def draw(results: Results, directory: Path) -> list[str]:
    """Draw what was measured as SVG; return the names of the files. None for a single load."""
    directory.mkdir(parents=True, exist_ok=True)
    files = {}
    loads = _loads(results)
    if known := _ratios(results):
        words = f"ratio of CPU at {_most(results)} connections, with 95 % confidence"
        files[_RATIOS] = chart.draw_intervals(words, known)
    if len(loads) > 1:
        places = [str(load) for load in loads]
        for what, (name, label) in _LINES.items():
            lines = [*_lines(results, what), *_of_paper(loads, what)]
            words = "connections, 1 Mbit/s each, a write every 10 ms"
            files[name] = chart.draw(words, label, places, lines)
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8")
    return list(files)


def _loads(results: Results) -> list[int]:
    return [connections for connections, every in results.loads() if every == _EVERY]


def _most(results: Results) -> int:
    """The paper's largest load, or the largest one below it that was measured."""
    return max((load for load in _loads(results) if load <= PRINTED[-1][0]), default=0)


def _lines(results: Results, what: str) -> Iterator[Line]:
    for name in _SHOWN:
        points = {}
        for place, load in enumerate(_loads(results)):
            runs = results.runs(name, (load, _EVERY)).values()
            values = [getattr(run, what) for run in runs]
            if values:
                points[place] = mean(values), confidence(values)
        if points:
            yield Line(CONTESTANTS[name].label, points)


def _of_paper(loads: list[int], what: str) -> Iterator[Line]:
    """The paper's points. They are another machine's: compare their shape, not their height."""
    one = 1 if what == "cpu" else 2
    for label, first in (("C in the paper, corrected", one), ("Go in the paper", one + 2)):
        values = {row[0]: row[first] for row in PRINTED}
        if first == one:
            values |= {load: corrected[one - 1] for load, corrected in CORRECTED.items()}
        points = {place: (values[load], 0.0) for place, load in enumerate(loads) if load in values}
        if points:
            yield Line(label, points)


def _ratios(results: Results) -> list[tuple[str, float, float, float]]:
    """Each question at the largest of the paper's loads: words, ratio, and its interval."""
    found = []
    for words, one, other in QUESTIONS:
        if ratio := results.ratio(one, other, (_most(results), _EVERY)):
            found.append((words, ratio.value, ratio.low, ratio.high))
    return found
