"""`papayactl audit`: what admins did, when, and why."""

from typing import Any

import click

from papayactl.cli.invocation import Invocation, pass_room, table_options
from papayactl.cli.table import Column
from papayad.settings import Settings
from papayad.state import history
from papayad.state.history import Event

_COLUMNS = (Column("TIME"), Column("WHAT"), Column("OUTCOME"), Column("WHO"), Column("REASON"))
_FIELDS = ("by", "what", "outcome", "reason")


@click.command("audit")
@click.option("--lines", "-n", "count", type=click.IntRange(min=1), default=50, show_default=True)
@table_options
@pass_room
def command(invocation: Invocation, count: int) -> None:
    """Show what was done with papayactl in this room, the latest last.

    A client's process that was taken over could write this history, too; nobody here can change
    what the system's log has of it.
    """
    values = _acts(invocation.settings)[-count:]
    rows = [
        (one["time"][:19] + "Z", one["what"], one["outcome"], one["by"], one["reason"] or "-")
        for one in values
    ]
    invocation.show_table(values, _COLUMNS, rows)


def _acts(settings: Settings) -> list[dict[str, Any]]:
    return [_as_dict(event) for event in history.read(settings.state_dir) if event.kind == "act"]


def _as_dict(event: Event) -> dict[str, Any]:
    words = [*event.words.split(" | "), "", "", "", ""][: len(_FIELDS)]
    return {
        "time": event.time,
        **dict(zip(_FIELDS, (word.strip(" |") for word in words), strict=True)),
    }
