"""The report's section about the experiment: every load, runs that do not count, and ratios."""

from lab.bench.contestants import CONTESTANTS
from lab.bench.measure import equality
from lab.bench.measure.statistics import confidence, mean
from lab.bench.report.markdown import NONE, number, paragraph, table
from lab.bench.report.paper import CORRECTED, PRINTED
from lab.bench.report.results import Load, Results, Run

# Ratios of two servers under one load: words, the one, the other.
QUESTIONS = (
    ("the paper's two programs: Go over C", "paper-go", "paper-c"),
    ("equal work, buffers and optimisation: Go over C", "go", "c"),
    ("what the paper's Go does more: %q, a quarter of the buffer", "paper-go", "go"),
    ("what the paper's C does more: printf, no optimisation", "paper-c", "c"),
    ("language, one paradigm: Python processes over C processes", "python", "c"),
    ("paradigm, one language: Python processes over asyncio", "python", "asyncio"),
    ("paradigm, one language: Python processes over threads", "python", "threads"),
    ("papayad's RECV over C processes", "recv", "c"),
)


def parts(results: Results) -> list[str]:
    """The parts of the section, each in Markdown."""
    return [
        _method(results), _table(results), _dropped(results), _ratios(results), _paper(results),
    ]  # fmt: skip


def _method(results: Results) -> str:
    summaries = [one for one in results.experiment if one["kind"] == "summary"]
    blocks = len({one["repetition"] for one in results.experiment})
    readings = len(results.experiment) - len(summaries)
    shortest = min((one["seconds"] for one in summaries), default=0.0)
    observer = mean([one["observer"] for one in summaries])
    return "\n\n".join(
        [
            "## The experiment",
            paragraph(
                f"""
                Each server reads `message\n` at 1 Mbit/s from each connection and writes it to
                stdout, which is /dev/null. It has a core; load generator and observer have
                another. {blocks} blocks, in each of which all servers under a load come one after
                the other, in random order; {shortest:.0f} s at least for each, after a warm-up
                that nobody looks at. {readings:,} readings, one every half second, by the
                scheduler's nanoseconds. The observer used {observer:.1f} % of its core.
                """
            ),
            paragraph(
                """
                Means and coefficients of variation are those of the blocks, with 95 % confidence.
                Ratios are those of pairs within a block. The generator's CPU includes TCP's
                receiving side, which on loopback is done inside of the sender's write(2): no
                server here pays for it, and behind a network card each of them would pay the
                same.
                """
            ),
        ]
    )


def _table(results: Results) -> str:
    rows = []
    for server in CONTESTANTS.values():
        for load in results.loads():
            runs = list(results.runs(server.name, load).values())
            if runs:
                rows.append([server.label, *_cells(load, runs)])
    head = [
        "server", "connections", "a write every", "bytes of it", "CPU %", "CV", "CV, over all",
        "switches/s, voluntary", "involuntary", "PSS MiB", "generator CPU %", "",
    ]  # fmt: skip
    return table(head, rows)


def _cells(load: Load, runs: list[Run]) -> list[str]:
    cpu, spread = [run.cpu for run in runs], [run.variation for run in runs]
    every = [reading / run.cpu for run in runs for reading in run.readings if run.cpu]
    interval = runs[0].summary["interval"]
    flags = sorted({equality.flag(run.summary, run.cpu) for run in runs} - {""})

    def of(what: str) -> float:
        return mean([run.summary[what] for run in runs])

    return [
        str(load[0]),
        f"{1000 * interval:g} ms",
        f"{125_000 * interval:.0f}",
        f"{mean(cpu):.2f} ± {confidence(cpu):.2f}",
        f"{mean(spread):.3f} ± {confidence(spread):.3f}",
        f"{variation_within(every):.3f}",
        number(of("voluntary"), 0),
        number(of("involuntary"), 0),
        number(of("pss") / 2**20, 1),
        number(of("generator"), 0),
        ", ".join(flags),
    ]


def variation_within(relative: list[float]) -> float:
    """The coefficient of variation of all readings, each relative to the mean of its own block."""
    middle = mean(relative)
    squares = sum((value - middle) ** 2 for value in relative)
    return (squares / (len(relative) - 1)) ** 0.5 / middle if len(relative) > 1 and middle else 0.0


def _dropped(results: Results) -> str:
    """Runs that do not count, and why."""
    lines = [
        f"- {server.label}, {load[0]} connections, every {load[1]:g} ms, block {block + 1}: "
        f"{run.why_not}"
        for server in CONTESTANTS.values()
        for load in results.loads()
        for block, run in sorted(results.all_runs(server.name, load).items())
        if run.why_not
    ]
    told = "\n".join(lines) or "None: every server read and wrote what was sent, by all processes."
    return (
        "### Runs that do not count\n\nWhat each process read and wrote (/proc/PID/io) is summed "
        f"up and compared with what was sent.\n\n{told}"
    )


def _ratios(results: Results) -> str:
    rows = []
    for words, one, other in QUESTIONS:
        for load in results.loads():
            ratio = results.ratio(one, other, load)
            if ratio:
                spread = results.ratio(one, other, load, "variation")
                rows.append(
                    [words, str(load[0]), f"{load[1]:g} ms", str(ratio), str(spread or NONE)]
                )
    head = ["", "connections", "a write every", "CPU, ratio [95 %]", "CV, ratio [95 %]"]
    return "### Ratios\n\n" + table(head, rows)


def _paper(results: Results) -> str:
    rows = []
    for load, c, c_variation, go, go_variation in PRINTED:
        corrected = CORRECTED.get(load)
        rows.append(
            [
                str(load),
                f"{c:.2f} ({c_variation:.3f})",
                f"{corrected[0]:.2f} ({corrected[1]:.3f})" if corrected else "",
                _ours(results, "paper-c", load),
                f"{go:.2f} ({go_variation:.3f})",
                _ours(results, "paper-go", load),
            ]
        )
    head = ["connections", "C, printed", "C, corrected", "C here", "Go, printed", "Go here"]
    return (
        "### The paper's table beside ours\n\nMean CPU in per cent, and the coefficient of "
        "variation.\n\n" + table(head, rows)
    )


def _ours(results: Results, server: str, connections: int) -> str:
    runs = results.runs(server, (connections, 10.0)).values()
    if not runs:
        return NONE
    cpu, spread = mean([run.cpu for run in runs]), mean([run.variation for run in runs])
    return f"{cpu:.2f} ({spread:.3f})"
