"""The command line: so many seconds of chaos and attack, and a report of both.

Exits with 1 when a promise was broken or a goal missed, and says which.
"""

import argparse
import os
import sys
from pathlib import Path

from contrib.torture import attack, chaos, confinement

_JOINS = 200  # with the sandbox and without


def main() -> None:
    parser = argparse.ArgumentParser("contrib.torture", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="altogether; default: 600")
    parser.add_argument("--clients", type=int, help="who talk; default: 30 in chaos, else 50")
    parser.add_argument("--seed", type=int, help="a run that failed, again")
    parser.add_argument("--only", choices=("chaos", "attack"), help="one half of it")
    parser.add_argument("--report", type=Path, help="a file to write the report to as well")
    options = parser.parse_args()
    seed = int.from_bytes(os.urandom(4), "big") if options.seed is None else options.seed
    lines, missed = run(options.only, seed, options.clients, options.seconds)
    report = "\n".join([*lines, "", *(missed or ["Every goal was reached."])]) + "\n"
    print(report, end="")
    if options.report:
        options.report.write_text(report)
    sys.exit(1 if missed else 0)


def run(
    only: str | None, seed: int, people: int | None, seconds: float
) -> tuple[list[str], list[str]]:
    """A report and what was missed; half of the time is for each of the two unless it is alone."""
    lines: list[str] = []
    missed: list[str] = []
    share = seconds if only else seconds / 2
    if only != "attack":
        print(f"chaos with seed {seed}: --seed {seed} runs it again", flush=True)
        lines += [f"Chaos, seed {seed}", *chaos.run(seed, people or chaos.PEOPLE, share), ""]
    if only != "chaos":
        figures, missed = attack.run(
            people or attack.PEOPLE, share / len(attack.ATTACKS), attack.LONG
        )
        lines += ["Attack", *figures, ""]
    if not only:
        lines += ["Sandbox", *confinement.run(_JOINS)]
    return lines, missed
