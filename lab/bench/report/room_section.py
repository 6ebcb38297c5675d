"""The report's section about the room: what a delivery costs each peer, and whether all arrived."""

from collections.abc import Callable

from lab.bench.measure.groupcommit import p99
from lab.bench.peers import PEERS
from lab.bench.report.markdown import number, table
from lab.bench.report.reach import figure
from lab.bench.report.results import Results

BUSY = 0.9  # share of a core above which the generator may have been the limit


def parts(results: Results) -> list[str]:
    """The parts of the section, each in Markdown; empty if it was not measured."""
    return [
        _room(results), _joins(results), _sizes(results), _others(results), _verdicts(results),
    ]  # fmt: skip


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


def _sizes(results: Results) -> str:
    rows = []
    for peer in PEERS.values():
        for clients, pss in sorted(results.by_repetition(peer.name, "size", "pss").items()):
            latest = results.by_repetition(peer.name, "size", "max")[clients]
            rows.append(
                [peer.label, number(clients, 0), number(pss / 2**20, 2),
                 number(clients * pss / 2**30, 1), number(latest, 2)]
            )  # fmt: skip
    if not rows:
        return ""
    head = ["room", "clients", "PSS MiB a client", "GiB in all", "s until all have a message"]
    return "### Large rooms\n\n" + table(head, rows)


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
        "generator's.\n\n"
        f"{limits}"
    )
