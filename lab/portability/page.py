"""docs/portability.md: rendered from what was seen and from what manual pages say."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lab.portability.seen import Outcome

CALLS = Path(__file__).with_name("calls.toml")
SYSTEMS = ("linux", "freebsd", "openbsd", "netbsd", "macos")

HEAD = """\
# Portability

papaya needs Python 3.11 and a Unix. This page is made by `make portability`, which runs every test
on each of these platforms, from the distribution's own packages and with its own interpreter, and
what failed there, after it was mended, once more (`--again`):
"""

SKIPS = """\
Skipped, and why; what is expected to fail shows a mistake that papaya does not make:
"""

CALLS_HEAD = """\
What differs between systems, call by call, where it is in the code, and what is done where it is
missing. None of the systems but Linux was run: it is what their manual pages say, which are named.
"""

CALLS_TAIL = """\
Tests force each of the fallbacks of ours on Linux: `tests/test_portability.py`,
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
    """Each reason once, with where and how often it was one."""
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
