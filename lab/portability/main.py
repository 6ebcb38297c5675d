"""The command line: run the tests on some platforms, one after the other, and write the page."""

import argparse
import sys

from lab.kit import CHECKOUT
from lab.kit.machine import roots
from lab.portability import page, seen, suite
from lab.portability.platforms import PLATFORMS

PAGE = CHECKOUT / "docs/portability.md"


def main() -> None:
    parser = argparse.ArgumentParser("lab.portability", description=__doc__)
    names = sorted(PLATFORMS)
    parser.add_argument("platforms", nargs="*", metavar="PLATFORM", help=", ".join(names))
    parser.add_argument("--page-only", action="store_true", help="run nothing, write the page")
    parser.add_argument("--again", action="store_true", help="only what failed there the last time")
    parser.add_argument("--patience", type=float, default=3600, help="seconds for each platform")
    parser.add_argument("--tests", default="tests", help="of these only, and write nothing")
    options = parser.parse_args()
    if unknown := set(options.platforms) - set(names):
        parser.error(f"unknown: {' '.join(sorted(unknown))}")
    if why := "" if options.page_only else roots.obstacle():
        sys.exit(f"lab.portability: {why}")
    write_page()  # which a test looks at
    bad = 0
    for name in () if options.page_only else options.platforms or names:
        before = seen.all_kept().get(name) if options.again else None
        tests = before.to_repeat() if before else options.tests.split()
        said = CHECKOUT / f"build/portability-{name}.txt"
        outcome = suite.run(PLATFORMS[name], tests, options.patience, said)
        outcome = before.repeated(outcome) if before else outcome
        print(outcome.sentence(name), *outcome.failed, sep="\n    ", flush=True)
        bad += len(outcome.failed)
        if options.tests == "tests":
            seen.keep(name, outcome)
    write_page()
    sys.exit(bad > 0)


def write_page() -> None:
    PAGE.write_text(page.render(seen.all_kept(), page.calls()), encoding="utf-8")
