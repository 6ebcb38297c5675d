"""`papayactl list`: the clients of the room."""

import time
from typing import Any

import click

from papayactl import clusters, moments, selectors
from papayactl.invocation import Invocation, pass_invocation
from papayad.roster import Entry
from papayad.tokens import format_time


@click.command("list")
@click.argument("texts", metavar="[SELECTOR]...", nargs=-1)
@pass_invocation
def command(invocation: Invocation, texts: tuple[str, ...]) -> None:
    """The clients that the selectors mean, all without one: exactly those that kill would end.

    A selector is a user (alice), a pattern (al*), alice@203.0.113.7, an address or network, or
    either pid of a client.
    """
    entries = clusters.living(invocation.config)
    chosen = selectors.choose(entries, texts) if texts else entries
    now = time.time()
    columns = ("CLIENT", "RECV", "SEND", "AGE", "GENERATION")
    rows = [
        (
            clusters.label(entry),
            str(entry.recv or "-"),
            str(entry.send or "-"),
            moments.age(now - entry.since),
            str(entry.group),
        )
        for entry in chosen
    ]
    invocation.show_table([_as_dict(entry, now) for entry in chosen], columns, rows)


def _as_dict(entry: Entry, now: float) -> dict[str, Any]:
    return {
        "user": entry.user,
        "peer": entry.peer,
        "session": entry.session or None,
        "recv": entry.recv or None,
        "send": entry.send or None,
        "since": format_time(entry.since),
        "age": round(now - entry.since, 3),
        "generation": entry.group,
        "token": entry.token or None,
        "presence": entry.presence,
    }
