"""Renders docs/portability.md from the results of the runs and from what manual pages say."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.portability.seen import Outcome

CALLS = Path(__file__).with_name("calls.toml")
SYSTEMS = ("linux", "freebsd", "openbsd", "netbsd", "macos")

HEAD = """\
# Portability

papaya needs Python 3.11 and a Unix. This page is made by `make portability`. It runs every test on
each of these platforms, with the distribution's own packages and interpreter. A test that failed,
and was mended, may have run once more (`--again`):
"""

SKIPS = """\
These were skipped, for these reasons. A test that is expected to fail shows a mistake that papaya
does not make:
"""

CALLS_HEAD = """\
This table says what differs between systems, call by call; where it is in the code; and what papaya
does where it is missing. Only Linux was run. What it says of the others is from their manual pages,
which it names.
"""

CALLS_TAIL = """\
Tests take the calls away on Linux, and so force papaya to do without: `tests/test_portability.py`,
`tests/papayad/system/test_platform.py`.
"""


def calls() -> list[dict[str, Any]]:
    table: list[dict[str, Any]] = tomllib.loads(CALLS.read_text(encoding="utf-8"))["call"]
    return table


def render(kept: Mapping[str, Outcome], calls: Sequence[Mapping[str, Any]]) -> str:
    parts = [HEAD, *_runs(kept), "", SKIPS, *_left_out(kept), "", "## Elsewhere\n", CALLS_HEAD]
    return "\n".join([*parts, *_calls(calls), "", CALLS_TAIL])


def _runs(kept: Mapping[str, Outcome]) -> Iterator[str]:
    yield _row("platform", "machine", "Python", "kernel", "passed", "failed", "skipped", "seen on")
    yield _row(*["---"] * 8)
    for name, seen in kept.items():
        facts = seen.facts
        skipped = sum(seen.skipped.values()) + sum(seen.expected.values())
        counts = [str(number) for number in (seen.passed, len(seen.failed), skipped)]
        kernel = facts["kernel"].partition("-")[0]  # without what its builder calls it
        where = [facts["system"], facts["machine"], facts["python"], kernel]
        yield _row(f"{name}: {where[0]}", *where[1:], *counts, seen.date)


def _left_out(kept: Mapping[str, Outcome]) -> Iterator[str]:
    """Each reason once, with the platforms where it occurred and how often."""
    reasons: dict[str, list[str]] = {}
    for name, seen in kept.items():
        expected = {f"expected to fail: {why}": number for why, number in seen.expected.items()}
        for why, number in {**seen.skipped, **expected}.items():
            reasons.setdefault(why, []).append(f"{name} {number}")
    for why, where in sorted(reasons.items()):
        yield f"- {why} ({', '.join(where)})"


def _calls(calls: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield _row("what", "Linux", "FreeBSD", "OpenBSD", "NetBSD", "macOS", "here", "pages")
    yield _row(*["---"] * 8)
    for call in calls:
        systems = [call[system] for system in SYSTEMS]
        yield _row(call["what"], *systems, call["here"], ", ".join(call["pages"]))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
