"""`papayactl last`: who was in, from where, until when, and why it ended."""

from typing import Any

import click

from papayactl.cli import moments
from papayactl.cli.invocation import Invocation, pass_room, table_options
from papayactl.cli.table import Column
from papayactl.look import completion, living
from papayad.settings import Settings
from papayad.state import history
from papayad.state.history import Event

_COLUMNS = (
    Column("USER"), Column("FROM"), Column("SINCE"), Column("UNTIL"), Column("FOR", True),
    Column("WHY"),
)  # fmt: skip
_HERE, _UNSEEN = "still here", "gone while no acceptor ran"


@click.command("last")
@click.argument("users", metavar="[USER]...", nargs=-1, shell_complete=completion.users)
@click.option("--lines", "-n", "count", type=click.IntRange(min=1), default=50, show_default=True)
@table_options
@pass_room
def command(invocation: Invocation, users: tuple[str, ...], count: int) -> None:
    """Show who was in, the latest first: from where, since when, until when, and why it ended."""
    values = [one for one in _sessions(invocation.settings) if not users or one["user"] in users]
    values = values[::-1][:count]
    invocation.show_table(values, _COLUMNS, [_row(value) for value in values])


def _sessions(settings: Settings) -> list[dict[str, Any]]:
    """Each session, in the order in which they began."""
    here = {(entry.name, entry.user, entry.peer) for entry in living.living(settings)}
    sessions: list[dict[str, Any]] = []
    open_ones: dict[tuple[str, str, str], dict[str, Any]] = {}
    for event in history.read(settings.state_dir):
        key = event.name, event.user, event.peer
        if event.kind == "in":
            open_ones[key] = _begun(event)
            sessions.append(open_ones[key])
        elif event.kind == "out" and key in open_ones:
            ended = open_ones.pop(key)
            ended |= {"until": event.time, "seconds": event.seconds, "why": event.cause}
    for key, session in open_ones.items():
        session["why"] = _HERE if key in here else _UNSEEN
    return sessions


def _begun(event: Event) -> dict[str, Any]:
    known = {"user": event.user, "peer": event.peer, "since": event.time}
    return {**known, "until": None, "seconds": None, "why": ""}


def _row(value: dict[str, Any]) -> tuple[str, ...]:
    seconds = value["seconds"]
    return (
        value["user"],
        value["peer"],
        f"{value['since'][:19]}Z",
        f"{value['until'][:19]}Z" if value["until"] else "-",
        moments.age(seconds) if seconds is not None else "-",
        value["why"],
    )
