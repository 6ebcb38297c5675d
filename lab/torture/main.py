"""The command line: random conversations, chaos, attacks, the cost of the sandbox; a report.

It exits with 1 when a promise was broken or a goal missed, and says which.
"""

import argparse
import os
import sys
from pathlib import Path

from lab.torture import attack, chaos, confinement, model

_JOINS = 200  # with the sandbox and without


def main() -> None:
    parser = argparse.ArgumentParser("lab.torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="altogether; default: 600")
    parser.add_argument("--clients", type=int, help="who talk; default: 30 in chaos, else 50")
    parser.add_argument("--conversations", type=int, default=10_000, help="default: 10000")
    parser.add_argument("--seed", type=int, help="a run that failed, again")
    parser.add_argument("--only", choices=("model", "chaos", "attack", "sandbox"))
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
    """Return the goals that were missed; chaos and attack share the time if both run."""
    missed: list[str] = []
    share = options.seconds if options.only else options.seconds / 2
    if options.only in (None, "model"):
        report.add("Model", model.run(seed, options.conversations))
    if options.only in (None, "chaos"):
        report.add("Chaos", chaos.run(seed, options.clients or chaos.PEOPLE, share))
    if options.only in (None, "attack"):
        people, each = options.clients or attack.PEOPLE, share / len(attack.ATTACKS)
        figures, missed = attack.run(people, each, attack.LONG, attack.TURNS)
        report.add("Attack", figures)
    if options.only in (None, "sandbox"):
        report.add("Sandbox", confinement.run(_JOINS))
    words = "  none in any file, name, title, environment or map of these rooms"
    report.add("Secrets", [words])
    return [f"  missed: {one}" for one in missed]
