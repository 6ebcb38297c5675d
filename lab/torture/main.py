"""The command line: all parts of it, or one; a report.

It exits with 1 when a promise was broken or a goal missed, and says which.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from lab.torture import confinement, herd
from lab.torture.attack import abuse, attack
from lab.torture.chaos import chaos
from lab.torture.inside import inside
from lab.torture.model import model

_JOINS = 200  # with the sandbox and without
_TIMED = ("chaos", "attack", "abuse")  # they share the time

Part = Callable[[argparse.Namespace, int, float], tuple[list[str], list[str]]]


def main() -> None:
    parser = argparse.ArgumentParser("lab.torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=900, help="altogether; default: 900")
    parser.add_argument("--clients", type=int, help="who talk; default: 30 in chaos, else 50")
    parser.add_argument("--conversations", type=int, default=10_000, help="default: 10000")
    parser.add_argument("--herd", type=int, default=herd.MANY, help=f"default: {herd.MANY}")
    parser.add_argument("--seed", type=int, help="a run that failed, again")
    parser.add_argument("--only", choices=tuple(PARTS))
    parser.add_argument("--report", type=Path, help="a file to write the report to as well")
    options = parser.parse_args()
    seed = int.from_bytes(os.urandom(4), "big") if options.seed is None else options.seed
    report = Report(options.report)
    report.add(f"seed {seed}: python -m lab.torture --seed {seed} runs this again", [])
    try:
        missed = run(report, options, seed)
    except AssertionError as error:
        sys.exit(f"lab.torture: a promise was broken: {error}")
    report.add("Goals", missed or ["  every one was reached"])
    sys.exit(1 if missed else 0)


class Report:
    """Writes to the terminal and to a file, each part as soon as it is known."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._text = ""

    def add(self, title: str, lines: list[str]) -> None:
        part = "\n".join([title, *lines, ""])
        print(part, flush=True)
        self._text += part + "\n"
        if self._path:
            self._path.write_text(self._text)


def run(report: Report, options: argparse.Namespace, seed: int) -> list[str]:
    """Return the goals that were missed."""
    missed: list[str] = []
    share = options.seconds if options.only else options.seconds / len(_TIMED)
    for name, part in PARTS.items():
        if options.only in (None, name):
            lines, more = part(options, seed, share)
            report.add(name.capitalize(), lines)
            missed += more
    words = "  none in any file, name, title, environment or map of these rooms"
    report.add("Secrets", [words])
    return [f"  missed: {one}" for one in missed]


def _model(options: argparse.Namespace, seed: int, _: float) -> tuple[list[str], list[str]]:
    return model.run(seed, options.conversations), []


def _chaos(options: argparse.Namespace, seed: int, seconds: float) -> tuple[list[str], list[str]]:
    return chaos.run(seed, options.clients or chaos.PEOPLE, seconds), []


def _attack(options: argparse.Namespace, _: int, seconds: float) -> tuple[list[str], list[str]]:
    each = seconds / len(attack.ATTACKS)
    return attack.run(options.clients or attack.PEOPLE, each, attack.LONG, attack.TURNS)


def _abuse(options: argparse.Namespace, _: int, seconds: float) -> tuple[list[str], list[str]]:
    each = seconds / len(abuse.ABUSES)
    return abuse.run(options.clients or attack.PEOPLE, each, attack.TURNS)


def _herd(options: argparse.Namespace, _: int, __: float) -> tuple[list[str], list[str]]:
    return herd.run(options.herd)


def _inside(*_: object) -> tuple[list[str], list[str]]:
    return inside.run()


def _sandbox(*_: object) -> tuple[list[str], list[str]]:
    return confinement.run(_JOINS), []


PARTS: dict[str, Part] = {
    "model": _model,
    "chaos": _chaos,
    "attack": _attack,
    "abuse": _abuse,
    "herd": _herd,
    "inside": _inside,
    "sandbox": _sandbox,
}
