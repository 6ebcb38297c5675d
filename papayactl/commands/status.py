"""`papayactl status`: the room on one screen."""

import time

import click

from papayactl.act import shutdown
from papayactl.cli import figures, moments
from papayactl.cli.invocation import Invocation, pass_room
from papayactl.cli.table import pairs
from papayactl.look import acceptor, overview
from papayactl.look.acceptor import Status
from papayactl.look.overview import Overview
from papayad.errors import DONE, NOT_RUNNING


@click.command("status")
@pass_room
def command(invocation: Invocation) -> None:
    """Show the acceptor, the clients, the log, and what they cost.

    Exit code 0: new clients are let in; 3: they are not, although clients may still be there.
    """
    settings = invocation.settings
    seen = overview.overview(settings)
    due = shutdown.due(settings)
    rows = _rows(seen)
    if due:
        rows.append(("shutdown", f"at {moments.rfc3339(due)}, in {moments.age(due - time.time())}"))
    invocation.show(seen.as_dict() | {"shutdown": moments.rfc3339(due)}, pairs(rows))
    click.get_current_context().exit(DONE if seen.acceptor.lets_in else NOT_RUNNING)


def _rows(seen: Overview) -> list[tuple[str, str]]:
    used, log = seen.used.room, seen.log
    rows = [
        ("room", seen.acceptor.room),
        ("acceptor", _acceptor(seen.acceptor, seen.age)),
        ("listens on", f"{' '.join(seen.acceptor.addresses) or 'nothing'}, tls {seen.tls}"),
    ]
    if seen.acceptor.changed:
        rows.append(("configuration", "changed, not loaded: papayactl acceptor reload"))
    if seen.acceptor.fault:
        rows.append(("last reload", f"refused: {seen.acceptor.fault}"))
    if seen.expires:
        left = moments.age(seen.expires - time.time())
        rows.append(("certificate", f"until {moments.rfc3339(seen.expires)}, {left} left"))
    rows += [
        ("clients", _clients(seen)),
        ("users", f"{len(seen.users)} here" + (f": {_some(seen.users)}" if seen.users else "")),
    ]
    if seen.refused:
        rows.append(("frozen users", f"{_some(seen.refused)}: new connections are refused"))
    if seen.muted:
        rows.append(("muted users", f"{_some(seen.muted)}: they write nothing"))
    return [
        *rows,
        ("traffic", f"{figures.size(used.sums.bytes_in)} in, {_out(used.sums.bytes_out)}"),
        ("cpu, memory", f"{figures.cpu(used.sums.cpu)}, {figures.size(used.held.pss)} PSS"),
        ("largest lag", figures.size(used.lag)),
        ("log", f"{figures.size(log.bytes)} in {_counted(log.segments, 'segment')}, {_end(seen)}"),
        ("last record", log.last.stamp if log.last else "none"),
        ("disk", f"{figures.size(log.free)} free"),
    ]


def _acceptor(seen: Status, age: float | None) -> str:
    if seen.state == acceptor.WAITING:
        return "not running: systemd starts it at the first connection"
    if seen.pid is None:
        return "not running: nobody new is let in"
    since = f" for {moments.age(age)}" if age is not None else ""
    return f"{seen.state}, pid {seen.pid}{since}"


def _clients(seen: Overview) -> str:
    special = (
        (seen.frozen, "frozen"),
        (seen.blocked, "blocked on their readers"),
        (seen.acceptor.earlier or 0, "of an earlier acceptor"),
    )
    words = ", ".join(f"{count} {name}" for count, name in special if count)
    return f"{seen.clients} of at most {seen.most}" + (f": {words}" if words else "")


def _some(names: list[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return " ".join(names[:most]) + more


def _out(count: int | None) -> str:
    return f"{figures.size(count)} out"


def _end(seen: Overview) -> str:
    pruned = f", the first {figures.size(seen.log.oldest)} pruned" if seen.log.oldest else ""
    return f"end {figures.whole(seen.log.end)}{pruned}"


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"
