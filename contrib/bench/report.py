"""REPORT.md: every figure in it comes from the samples, and its answers are computed from them."""

from collections.abc import Callable, Sequence

from contrib.bench.experiment import CONTESTANTS
from contrib.bench.groupcommit import p99
from contrib.bench.peers import PEERS
from contrib.bench.plots import point
from contrib.bench.reach import GOALS, figure
from contrib.bench.results import Results
from contrib.bench.statistics import confidence, mean, variation
from contrib.bench.tools import HERE

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
BUSY = 0.9  # share of a core above which a generator may have been what limits
_NONE = "-"


def render(results: Results, drawn: Sequence[str]) -> str:
    parts = [_head(results), _machine(results)]
    if results.room:
        parts += [
            _goals(results),
            _room(results),
            _joins(results),
            _others(results),
            _verdicts(results),
        ]
    if results.experiment:
        parts += [_experiment(results), _answers(results), _paper(results), _drawn(drawn)]
    parts += [_missing(results), (HERE / "NOTES.md").read_text().strip()]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None, digits: int = 1) -> str:
    """With thousands apart; a dash for what was not measured."""
    return _NONE if value is None else f"{value:,.{digits}f}"


def _head(results: Results) -> str:
    unfinished = "" if results.complete else " It was interrupted: this is what was done by then."
    return (
        "# Measured\n\n"
        f"Written by `python -m contrib.bench`, the {results.form} form.{unfinished} Figures are\n"
        "medians over the repetitions unless said; ratios are within this one run."
    )


def _machine(results: Results) -> str:
    rows = [[name, value] for name, value in results.machine.items()]
    return "## The machine\n\n" + table(["what", "here"], rows)


def _goals(results: Results) -> str:
    rows = [
        [
            goal.what,
            f"{'<=' if goal.at_most else '>='} {goal.limit:g} {goal.unit}".rstrip(),
            f"{number(goal.value(results), 2)} {goal.unit}".rstrip(),
            goal.verdict(results),
        ]
        for goal in GOALS
    ]
    return "## What papayad is to reach\n\n" + table(["what", "goal", "measured", ""], rows)


def _room(results: Results) -> str:
    rows = []
    for peer in PEERS.values():
        if not results.of_room(peer.name, "memory", "pss"):
            continue
        get = _getter(results, peer.name)
        rows.append(
            [
                peer.label,
                get("light", "cpu", 1e6, 1),
                f"{get('light', 'p50', 1e3, 1)} / {get('light', 'p99', 1e3, 1)}"
                f" / {get('light', 'max', 1e3, 1)}",
                get("heavy", "cpu", 1e6, 1),
                get("heavy", "p99", 1e3, 1),
                get("flood", "per_second", 1, 0),
                get("memory", "pss", 1 / 1024, 0),
                get("memory", "kernel", 1 / 1024, 0),
                get("rest", "switches", 1, 0),
            ]
        )
    head = [
        "room", "light: us a delivery", "light: ms p50 / p99 / max", "heavy: us a delivery",
        "heavy: ms p99", "flood: deliveries/s", "PSS KiB a client", "kernel KiB a client",
        "switches at rest",
    ]  # fmt: skip
    return "## The room\n\n" + _loads(results) + "\n\n" + table(head, rows)


def _loads(results: Results) -> str:
    clients = results.of_room(results.room[0]["peer"], "memory", "clients")
    rates = [
        sample["rate"]
        for name in ("light", "heavy")
        for sample in results.room
        if sample["scenario"] == name
    ]
    sizes = f"{clients[0]:,.0f} clients. " if clients else ""
    speeds = f"Light is {min(rates):g} messages a second in all, heavy " if rates else ""
    speeds += f"{max(rates):g}. " if rates else ""
    return (
        f"{sizes}{speeds}CPU is that of all of a server's processes, by the scheduler's\n"
        "nanoseconds, per message that one client received. Kernel memory is a difference of the\n"
        "whole machine's and includes the generator's sockets."
    )


def _getter(results: Results, peer: str) -> Callable[[str, str, float, int], str]:
    def get(scenario: str, what: str, factor: float, digits: int) -> str:
        value = figure(results, peer, scenario, what)
        return number(None if value is None else value * factor, digits)

    return get


def _joins(results: Results) -> str:
    rows = []
    for peer in PEERS.values():
        get = _getter(results, peer.name)
        if results.of_room(peer.name, "joins", "per_second"):
            rows.append([peer.label, get("joins", "per_second", 1, 0), get("joins", "cpu", 1e3, 2)])
    if not rows:
        return ""
    return "### Joining, 16 at a time, `presence=off`\n\n" + table(
        ["room", "joins/s", "CPU ms a join"], rows
    )


def _others(results: Results) -> str:
    """papayactl, and durability."""
    get = _getter(results, "papayad")
    lines = []
    if results.of_room("papayad", "list", "wall"):
        lines.append(
            f"`papayactl list` with {get('list', 'clients', 1, 0)} clients: "
            f"{get('list', 'wall', 1, 2)} s, CPU {get('list', 'spent', 1, 2)} s."
        )
    if results.of_room("papayad-slow-disk", "disk", "p99"):
        slow = _getter(results, "papayad-slow-disk")
        lines.append(
            "A disk whose fdatasync takes 5 ms, 20 senders at 5 messages a second: measured p50 "
            f"{slow('disk', 'p50', 1e3, 1)} ms, p99 {slow('disk', 'p99', 1e3, 1)} ms. What group "
            "commit would give, simulated with messages at random times:"
        )
        rows = []
        for rate in (100, 150, 190):
            alone, shared = p99(rate, 0.005)
            rows.append([str(rate), number(alone * 1e3, 1), number(shared * 1e3, 1)])
        lines.append(table(["messages/s", "p99 ms, a sync each", "p99 ms, shared syncs"], rows))
    return "### papayactl and the disk\n\n" + "\n\n".join(lines) if lines else ""


def _verdicts(results: Results) -> str:
    """Whose messages did not arrive as they were sent, and where the generator was the limit."""
    wrong, busy = [], []
    for peer in PEERS.values():
        for scenario in ("light", "heavy", "flood"):
            counts = {
                what: int(sum(results.of_room(peer.name, scenario, what)))
                for what in ("lost", "late", "repeated", "reordered", "broken")
            }
            if any(counts.values()):
                told = ", ".join(f"{value:,} {what}" for what, value in counts.items() if value)
                wrong.append(f"- {peer.label}, {scenario}: {told}")
            share = figure(results, peer.name, scenario, "generator")
            if share is not None and share > BUSY:
                busy.append(f"- {peer.label}, {scenario}: {100 * share:.0f} % of a core")
    told = "\n".join(wrong) or "No message was lost, repeated, reordered or broken, by nobody."
    limits = "\n".join(busy) or "In no run was it busy."
    return (
        "### Lost, repeated, reordered, broken\n\n"
        f"Late is what had not come 60 s after the last message was sent.\n\n{told}\n\n"
        "### Was the generator the bottleneck?\n\n"
        f"One process; busy means above {100 * BUSY:.0f} % of a core, and then the figure is the\n"
        "generator's. With TLS it is the one in Python, and a flood is what that one can take.\n\n"
        f"{limits}"
    )


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
        "over the repetitions, with 95 % confidence.\n\n" + table(head, rows)
    )


def _mean(results: Results, server: str, load: int, what: str) -> float | None:
    runs = results.of_experiment(server, load, what)
    return mean([mean(values) for values in runs.values()]) if runs else None


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _answers(results: Results) -> str:
    """The questions that the paper leaves, answered with this run's figures."""
    load = results.loads()[-1]

    def of(server: str, what: str = "nanoseconds") -> float | None:
        return _mean(results, server, load, what)

    def line(words: str, one: float | None, two: float | None) -> str:
        if one is None or not two:
            return f"- {words}: {_NONE}"
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


def _drawn(drawn: Sequence[str]) -> str:
    return "\n\n".join(f"![{name.removesuffix('.svg')}](plots/{name})" for name in drawn)


def _missing(results: Results) -> str:
    if not results.missing:
        return ""
    rows = "\n".join(f"- {name}: {why}" for name, why in results.missing.items())
    return f"## Left out\n\n{rows}"
