"""The command line: random conversations, then so many seconds of chaos and attack; a report."""

import argparse
import os
import sys
from pathlib import Path

from contrib.torture import attack, chaos, model


def main() -> None:
    parser = argparse.ArgumentParser("contrib.torture", description=__doc__)
    parser.add_argument(
        "--seconds", type=float, default=600, help="of chaos and attack; default: 600"
    )
    parser.add_argument("--clients", type=int, default=30, help="who talk; default: 30")
    parser.add_argument("--conversations", type=int, default=10_000, help="default: 10000")
    parser.add_argument("--seed", type=int, help="a run that failed, again")
    parser.add_argument("--report", type=Path, help="a file to write the report to as well")
    options = parser.parse_args()
    seed = int.from_bytes(os.urandom(4), "big") if options.seed is None else options.seed
    lines = [f"seed {seed}: python -m contrib.torture --seed {seed} runs this again", ""]
    print(lines[0], flush=True)
    lines += ["Model", *model.run(seed, options.conversations), ""]
    half = options.seconds / 2
    lines += ["Chaos", *chaos.run(seed, options.clients, half), ""]
    share = half / (len(attack.ATTACKS) + 1)
    lines += ["Attack", *attack.run(options.clients, share, attack.LONG)]
    lines += ["", "Secrets", "  none in any file, name, title, environment or map of these rooms"]
    report = "\n".join(lines) + "\n"
    print(report, end="")
    if options.report:
        options.report.write_text(report)
    sys.exit(0)
