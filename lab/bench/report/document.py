"""REPORT.md: every figure in it comes from the samples, and its answers are computed from them.

This file writes about the run as a whole; the room and the experiment have a file each.
"""

from collections.abc import Sequence

from lab.bench.report import experiment_section, reach, room_section
from lab.bench.report.markdown import paragraph, table
from lab.bench.report.results import Results
from lab.bench.tools import HERE


def render(results: Results, drawn: Sequence[str]) -> str:
    parts = [_head(results), _machine(results)]
    if results.room:
        parts += [_goals(results), *room_section.parts(results)]
    if results.experiment:
        parts += [*experiment_section.parts(results), _drawn(drawn)]
    parts += [_missing(results), (HERE / "NOTES.md").read_text().strip()]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(results: Results) -> str:
    unfinished = (
        "It was interrupted: this is what was done by then." if not results.complete else ""
    )
    return "# Measured\n\n" + paragraph(
        f"""
        Written by `python -m lab.bench`, the {results.form} form. {unfinished} {busy(results)}
        Figures are medians over the repetitions unless said; ratios are within this one run.
        """
    )


def busy(results: Results) -> str:
    if not results.was_busy():
        return ""
    return (
        "**The machine was busy when it began (see its load), so figures of time are noise,** and "
        "ratios are as sure as their intervals say; memory does not depend on that."
    )


def _machine(results: Results) -> str:
    rows = [[name, value] for name, value in results.machine.items()]
    return "## The machine\n\n" + table(["what", "here"], rows)


def _goals(results: Results) -> str:
    return (
        "## What papayad is to reach\n\n"
        "A ratio is that of pairs of one repetition, with its 95 % confidence interval; it is\n"
        "reached when all of the interval is.\n\n" + "\n\n".join(reach.tables(results))
    )


def _drawn(drawn: Sequence[str]) -> str:
    return "\n\n".join(f"![{name.removesuffix('.svg')}](plots/{name})" for name in drawn)


def _missing(results: Results) -> str:
    if not results.missing:
        return ""
    rows = "\n".join(f"- {name}: {why}" for name, why in results.missing.items())
    return f"## Left out\n\n{rows}"
