"""`papayactl show`: one client in full."""

from typing import Any

import click

from papayactl.cli import figures, moments
from papayactl.cli.figures import UNKNOWN
from papayactl.cli.invocation import Invocation, pass_salvaged_room
from papayactl.cli.table import pairs
from papayactl.look import columns, completion, detail, rates, usage
from papayactl.look.detail import Inspected, Part
from papayactl.look.usage import Use


@click.command("show")
@click.argument("texts", metavar="SELECTOR...", nargs=-1, shell_complete=completion.selectors)
@click.option("--all", "everyone", is_flag=True, help="Every client of the room.")
@pass_salvaged_room
def command(invocation: Invocation, texts: tuple[str, ...], everyone: bool) -> None:
    """Show everything that is known of the clients that the selectors mean.

    That is both processes, their descriptors and limits, the connection, the cursor, and what they
    used. A dash is what only root may know. Exit code 3: there is no such client.
    """
    settings = invocation.salvaged
    chosen = columns.choose(settings, texts, everyone, "show")
    seen = [detail.inspect(settings, look) for look in detail.look_at(settings, chosen)]
    used = usage.look(settings, chosen).uses
    uses = {use.entry.name: use for use in used if use.entry}
    values = [_as_dict(one, uses.get(one.look.entry.name)) for one in seen]
    lines: list[str] = []
    for one in seen:
        lines += ["", *_lines(one, uses.get(one.look.entry.name))]
    invocation.show(values, lines[1:])


def _as_dict(one: Inspected, use: Use | None) -> dict[str, Any]:
    value = columns.as_dict(one.look) | {
        "sandbox": one.sandbox or None,
        "without": one.without or None,
        "cursor": one.cursor,
        "tls": one.tls,
        "processes": [part.as_dict() for part in one.parts],
        "connection": one.connection(),
    }
    if use:
        known = rates.as_dict(use, None)
        names = ("user_seconds", "system_seconds", "rss", "uss", "messages")
        value |= {name: known[name] for name in names}
    return value


def _lines(one: Inspected, use: Use | None) -> list[str]:
    look, entry = one.look, one.look.entry
    value = columns.as_dict(look)
    rows = [
        ("client", f"{entry.user}@{entry.peer}"),
        ("state", look.state),
        ("since", f"{value['since']}, {moments.age(look.age)} ago"),
        ("session", entry.session or "none"),
        ("token", entry.token or UNKNOWN),
        ("presence", "on" if entry.presence else "off"),
        ("generation", f"{entry.group}, {one.generation}"),
        ("tls", one.tls),
        ("sandbox", one.sandbox.replace(",", ", ") or UNKNOWN),
        *([("  without", one.without)] if one.without else []),
        ("cursor", f"{figures.whole(one.cursor)}, lag {figures.whole(look.lag)} bytes"),
        ("bytes", f"{figures.whole(look.bytes_in)} in, {figures.whole(look.bytes_out)} out"),
        ("connection", one.connection_words()),
    ]
    if use:
        rows += _used(use, look.cpu_percent)
    for part in one.parts:
        rows += _part(part)
    return pairs(rows)


def _used(use: Use, percent: float | None) -> list[tuple[str, str]]:
    sums = use.sums
    split = ""
    if sums.user is not None:
        split = f" ({figures.cpu(sums.user)} user, {figures.cpu(sums.system)} system)"
    memory = ((use.held.pss, "PSS"), (use.held.uss, "USS"), (use.held.rss, "RSS"))
    held = ", ".join(f"{figures.size(count)} {name}" for count, name in memory)
    return [
        ("cpu", f"{figures.cpu(sums.cpu)}{split}, {figures.decimal(percent, 2)} %"),
        ("memory", held),
        ("messages", figures.whole(sums.messages)),
    ]


def _part(part: Part) -> list[tuple[str, str]]:
    turned = part.switches
    counted = f"{turned.voluntary} voluntary, {turned.involuntary} not" if turned else UNKNOWN
    rows = [
        (part.role, f"pid {part.process.pid}, {part.process.state}"),
        ("  cpu", figures.cpu(part.cpu)),
        ("  switches", counted),
        ("  limits", ", ".join(f"{name} {value}" for name, value in part.limits) or UNKNOWN),
    ]
    if part.descriptors is None:
        return [*rows, ("  descriptors", UNKNOWN)]
    opened = [(f"  fd {one.number}", one.target) for one in part.descriptors]
    return [*rows, *opened]
