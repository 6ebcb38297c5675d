"""The page for readers of the paper: what it claimed, what holds here, what does not, and why.

Every figure on it is the paper's, its repository's, or computed from the samples of this run.
"""

from collections.abc import Sequence

from lab.bench.measure.statistics import Ratio, mean
from lab.bench.report.document import busy
from lab.bench.report.markdown import bullet, paragraph
from lab.bench.report.paper import CORRECTED, PRINTED, ROWS_OF_TOP, go_over_c
from lab.bench.report.results import Load, Results
from lab.portability import seen

_MOST = PRINTED[-1][0]


def render(results: Results, drawn: Sequence[str]) -> str:
    load = _largest(results)
    parts = [
        _head(results),
        _claims(results, load),
        _questions(results, load),
        _writes(results, load),
        _reasons(results, load),
        "## Plots\n\n" + "\n\n".join(f"![{name}](plots/{name})" for name in drawn) if drawn else "",
        _limits(),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _largest(results: Results) -> Load:
    """The paper's largest load, or the largest one below it that was measured."""
    return max((one for one in results.loads() if one[0] <= _MOST and one[1] == 10.0),
               default=(_MOST, 10.0))  # fmt: skip


def _head(results: Results) -> str:
    machine = results.machine
    tools = (machine.get(name, "") for name in ("system", "kernel", "gcc", "go"))
    return "# The paper, repeated\n\n" + paragraph(
        f"""
        *An experimental comparison of the performance between different web concurrency
        paradigms* (Rodriguez, TUM 2022) measured a server in C with a process for each client
        beside one in Go with goroutines. papaya is built as its chat program is, so the claims
        are measured again here, with both programs re-created and others beside them, on
        {", ".join(filter(None, tools))}. Written by `make bench`; all figures, and how they came
        about, are in [REPORT.md](REPORT.md). {busy(results)}
        """
    )


def _claims(results: Results, load: Load) -> str:
    printed, corrected = go_over_c(_MOST, False), go_over_c(_MOST, True)
    (c32, _), (c64, spread) = CORRECTED[32], CORRECTED[64]
    return "\n".join(
        [
            "## What the paper claims\n",
            bullet(
                f"""
                C needs less CPU at every load: at {_MOST} connections 2.53 % against Go's 36.08
                %, {printed:.1f} times less, and it grows no more from 32 connections on. **The
                plateau does not hold:** it was `top -b`, which listed {ROWS_OF_TOP} processes at
                most, of however many. The author measured again on 2022-06-30 (commit 09ef992 of
                papayaChat's repository): {c32:.2f} % at 32 and {c64:.2f} % at 64 connections, so
                that Go over C is {corrected:.2f} there. Here, for the paper's two programs at
                {load[0]} connections, it is {_told(results.ratio("paper-go", "paper-c", load))}.
                """
            ),
            bullet(
                f"""
                C's CPU is steadier: its coefficient of variation is 0.180 against 0.243 at
                {_MOST}. **That was the plateau, too:** the author's second measurement has
                {spread} for C, which is more than Go's.
                """
            ),
            bullet(
                """
                The C library alone does not make a program portable. **Holds:** the paper tells
                of two bugs that appeared on another Unix only.
                """
            ),
        ]
    )


def _questions(results: Results, load: Load) -> str:
    equal_spread = results.ratio("go", "c", load, "variation")
    return "\n\n".join(
        [
            f"## Its three questions, answered at {load[0]} connections",
            paragraph(
                f"""
                **RQ 1, mean CPU:** the paper's Go program needs
                {_told(results.ratio("paper-go", "paper-c", load))} times the CPU of its C
                program, and with equal work, buffers and optimisation Go needs
                {_told(results.ratio("go", "c", load))} times the CPU of C processes.
                """
            ),
            paragraph(
                f"""
                **RQ 2, stability:** Go's coefficient of variation over half seconds is
                {_told(results.ratio("paper-go", "paper-c", load, "variation"))} times that of C
                for the paper's programs and {_told(equal_spread)} times with equal work, so
                {_steadier(equal_spread)}.
                """
            ),
            paragraph(
                f"""
                **RQ 3, portability:** {_portability()}
                """
            ),
        ]
    )


def _told(ratio: Ratio | None) -> str:
    if ratio is None:
        return "(not measured)"
    return str(ratio) if ratio.is_stable else f"not stable ({ratio.low:.2f} to {ratio.high:.2f})"


def _steadier(ratio: Ratio | None) -> str:
    if ratio is None or ratio.low <= 1 <= ratio.high:
        return "neither is steadier as far as this can tell"
    return "C is steadier" if ratio.low > 1 else "Go is steadier"


def _portability() -> str:
    kept = seen.all_kept().values()
    names = ", ".join(f"{one.facts['system']}, {one.facts['machine']}" for one in kept)
    passed = [one.passed for one in kept]
    least, most = min(passed, default=0), max(passed, default=0)
    return f"""papaya, in Python, was seen to pass {least:,} to {most:,} of its tests on each of
        these: {names or "none yet"}; what other systems lack is replaced, which is tested by taking
        it away, but it was not run on a BSD ([docs/portability.md](../../docs/portability.md))."""


def _writes(results: Results, load: Load) -> str:
    """How the interval between two writes, which the paper does not state, changes the figures."""
    lines = []
    for connections, every in sorted(results.loads(), key=lambda one: one[1]):
        c = [run.cpu for run in results.runs("c", (connections, every)).values()]
        if connections == load[0] and c:
            ratio = results.ratio("go", "c", (connections, every))
            words = f"every {every:g} ms, {125 * every:,.0f} bytes: C {mean(c):.1f} % of a core,"
            lines.append(
                bullet(
                    f"""
                {words} Go over C {_told(ratio)}
                """
                )
            )
    if len(lines) < 2:
        return ""
    said = paragraph(
        f"""
        1 Mbit/s is few large writes or many small ones, and CPU goes with the writes, not with
        the bytes. At {load[0]} connections, with equal work:
        """
    )
    head = "## What the paper does not say: how often it writes"
    return f"{head}\n\n{said}\n\n" + "\n".join(lines)


def _reasons(results: Results, load: Load) -> str:
    def told(one: str, other: str) -> str:
        return _told(results.ratio(one, other, load))

    return "\n".join(
        [
            "## Where the difference comes from\n",
            bullet(
                f"""
                What the paper's Go does more: it prints each read with `%q`, and reads into 1,024
                bytes where C has 4,096. Against Go that writes the bytes as they are:
                {told("paper-go", "go")}.
                """
            ),
            bullet(
                f"""
                What the paper's C does otherwise: it prints through stdio, which joins writes,
                and is compiled without -O. Against C with write(2) and -O2:
                {told("paper-c", "c")}.
                """
            ),
            bullet(
                f"""
                Language, one paradigm: Python processes over C's: {told("python", "c")}.
                """
            ),
            bullet(
                f"""
                Paradigm, one language: Python processes over asyncio {told("python", "asyncio")},
                over threads {told("python", "threads")}.
                """
            ),
            bullet(
                f"""
                papayad's RECV over C processes: {told("recv", "c")}.
                """
            ),
        ]
    )


def _limits() -> str:
    return "## What this cannot tell\n\n" + paragraph(
        """
        The paper had two virtual machines with FreeBSD and a network between them. Here it is one
        machine with Linux and its loopback, where the sender pays for TCP's receiving side. So
        ratios are compared, never per cents. A ratio whose interval is wider than a factor of two
        is called not stable, and nothing is claimed from it.
        """
    )
