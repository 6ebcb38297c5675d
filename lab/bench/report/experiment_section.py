"""The report's section about the experiment: the loads, and the paper's table beside ours."""

from lab.bench.experiment import CONTESTANTS
from lab.bench.measure.statistics import confidence, mean, variation
from lab.bench.report.markdown import NONE, number, table
from lab.bench.report.plots import point
from lab.bench.report.results import Results

# The paper's measurements (Rodriguez, TUM 2022), as its repository publishes them: connections,
# then mean CPU in per cent and coefficient of variation, for C (a process per client) and for Go
# (goroutines).
PAPER = (
    (1, 0.34, 0.1586, 1.94, 0.1689),
    (2, 0.45, 0.2210, 2.61, 0.2054),
    (4, 0.79, 0.2281, 4.35, 0.1716),
    (8, 1.37, 0.1365, 6.15, 0.2762),
    (16, 2.17, 0.1469, 11.71, 0.2286),
    (32, 2.53, 0.1721, 22.71, 0.3223),
    (64, 2.53, 0.1796, 36.08, 0.2428),
)


def parts(results: Results) -> list[str]:
    """The parts of the section, each in Markdown."""
    answers = [_answers(results, load) for load in _asked(results.loads())]
    return [_experiment(results), *answers, _paper(results)]


def _asked(loads: list[int]) -> list[int]:
    """The paper's largest load (or the one closest to it), and the largest that was measured."""
    known = [load for load in loads if load <= PAPER[-1][0]]
    return sorted({*known[-1:], loads[-1]})


def _experiment(results: Results) -> str:
    rows = []
    for server in CONTESTANTS.values():
        for load in results.loads():
            runs = results.of_experiment(server.name, load, "nanoseconds")
            if not runs:
                continue
            exact, wide = point(results, server.name, load, "nanoseconds")
            spread = [variation(values) for values in runs.values()]
            rows.append(
                [
                    server.label,
                    str(load),
                    f"{exact:.2f} ± {wide:.2f}",
                    number(_mean(results, server.name, load, "ticks"), 2),
                    f"{mean(spread):.3f} ± {confidence(spread):.3f}",
                    number(_mean(results, server.name, load, "voluntary"), 0),
                    number(_mean(results, server.name, load, "involuntary"), 0),
                    number(_scaled(_mean(results, server.name, load, "pss"), 2**-20), 1),
                ]
            )
    head = [
        "server", "connections", "CPU %, exact", "CPU %, ticks", "CV, exact",
        "voluntary switches/s", "involuntary/s", "PSS MiB",
    ]  # fmt: skip
    return (
        "## The experiment\n\n"
        "Each server reads `message\\n` at 1 Mbit/s from each connection and writes it to stdout,\n"
        "which is /dev/null. Server and generator have a core each. Means over the readings, then\n"
        "over the repetitions, with 95 % confidence.\n\n" + table(head, rows) + _kept(results)
    )


def _kept(results: Results) -> str:
    """Whether the load was as high as it should be, and which side was the limit."""
    runs = [sample for sample in results.experiment if "rate" in sample]
    if not runs:
        return ""
    sent, busy = min(run["rate"] for run in runs), max(run["generator"] for run in runs)
    return (
        f"\n\nThe generator sent {100 * sent:.1f} % at least of what it should, and was busy "
        f"for {100 * busy:.0f} % of its core at most."
    )


def _mean(results: Results, server: str, load: int, what: str) -> float | None:
    runs = results.of_experiment(server, load, what)
    return mean([mean(values) for values in runs.values()]) if runs else None


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _answers(results: Results, load: int) -> str:
    """The questions that the paper leaves open, answered with this run's figures."""

    def of(server: str, what: str = "nanoseconds") -> float | None:
        return _mean(results, server, load, what)

    def line(words: str, one: float | None, two: float | None) -> str:
        if one is None or not two:
            return f"- {words}: {NONE}"
        return f"- {words}: {one:.2f} / {two:.2f} = {one / two:.2f}"

    return "\n".join(
        [
            f"### Answers, at {load} connections (per cent of a core)\n",
            line("the paper's conclusion, Go with %q over C with printf, by ticks",
                 of("go-q", "ticks"), of("c-printf", "ticks")),
            line("the same by exact accounting", of("go-q"), of("c-printf")),
            line("equal work: Go over C, both writing the bytes, exact", of("go"), of("c")),
            line("formatting: Go with %q over Go without", of("go-q"), of("go")),
            line("unbuffered writes: C with write over C with printf", of("c"), of("c-printf")),
            line("language: Python processes over C processes", of("python"), of("c")),
            line("paradigm, in one language: Python processes over asyncio",
                 of("python"), of("asyncio")),
            line("paradigm, in one language: Python processes over threads",
                 of("python"), of("threads")),
            line("what ticks see of C processes: ticks over exact", of("c", "ticks"), of("c")),
            line("what ticks see of Go: ticks over exact", of("go", "ticks"), of("go")),
            line("papayad's RECV over C processes", of("recv"), of("c")),
        ]
    )  # fmt: skip


def _paper(results: Results) -> str:
    rows = []
    for load, c, c_variation, go, go_variation in PAPER:
        ours = [
            number(_mean(results, server, load, clock), 2)
            for server in ("c-printf", "go-q")
            for clock in ("ticks", "nanoseconds")
        ]
        rows.append(
            [str(load), f"{c:.2f} ({c_variation:.2f})", ours[0], ours[1],
             f"{go:.2f} ({go_variation:.2f})", ours[2], ours[3]]
        )  # fmt: skip
    head = ["connections", "C: the paper's % (CV)", "ours, ticks", "ours, exact",
            "Go: the paper's % (CV)", "ours, ticks", "ours, exact"]  # fmt: skip
    return "### The paper's table beside ours\n\n" + table(head, rows)
