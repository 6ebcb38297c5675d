"""`papayactl list`: the clients of the room."""

import sys

import click

from papayactl.cli import output
from papayactl.cli.invocation import Invocation, pass_salvaged_room, table_options
from papayactl.look import acceptor, clients, columns, completion, living, selectors


@click.command("list")
@click.argument("texts", metavar="[SELECTOR]...", nargs=-1, shell_complete=completion.selectors)
@click.option(
    "--sort",
    metavar="COLUMN",
    help="Numbers: largest first; -COLUMN: the other way. Default: who came first.",
    shell_complete=completion.sort_columns,
)
@click.option(
    "--columns",
    "-o",
    "wanted",
    metavar="NAMES",
    help=f"Of {','.join(columns.FIELDS)}; +NAMES adds to the usual ones.",
)
@click.option("--earlier", is_flag=True, help="Only those whom an earlier acceptor let in.")
@table_options
@pass_salvaged_room
def command(
    invocation: Invocation,
    texts: tuple[str, ...],
    sort: str | None,
    wanted: str | None,
    earlier: bool,
) -> None:
    """List the clients that the selectors mean, or all: exactly those that kill would end.

    A selector is a user (alice), a pattern (al*), alice@203.0.113.7, an address or network, or
    either pid of a client. CPU% is over the client's whole life, as in ps. LAG is how much of the
    log has not been sent to it yet. A dash is what only root may know.
    """
    settings = invocation.salvaged
    names = columns.parse(wanted)
    entries = living.living(settings)
    meant = selectors.choose(entries, texts) if texts else entries
    if earlier:
        meant = acceptor.of_earlier(settings, meant)
    seen = clients.look_closer(settings, clients.look_at(settings, meant))
    if sort:
        seen = columns.sort(seen, sort)
    invocation.show_table(
        [columns.as_dict(look) for look in seen],
        [columns.FIELDS[name].column for name in names],
        [columns.render(look, names) for look in seen],
        fit=wanted is None,
    )
    if not seen and sys.stdout.isatty():
        output.say("no such client" if texts or earlier else "nobody is here", err=True)
