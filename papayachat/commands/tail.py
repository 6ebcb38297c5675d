"""papayachat tail: records on stdout, for pipes, bots and people."""

import click

from papayachat.disk.profile import load
from papayachat.stream.moment import parse_option


@click.command("tail")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is said from now on.")
@click.option("-n", "last", type=click.IntRange(min=0), metavar="N", help="The last N records.")
@click.option("--since", callback=parse_option, metavar="T", help="From a time on: 2h, 2026-11-22.")
@click.option("--offset", type=click.IntRange(min=0), metavar="O", help="From an offset on.")
@click.option("--json", "as_json", is_flag=True, help="An object a line; offsets are in there.")
@click.pass_obj
def command(
    name: str | None,
    follow: bool,
    last: int | None,
    since: str | None,
    offset: int | None,
    as_json: bool,
) -> None:
    """Print records: on a terminal for people, in a pipe as they are in the log. Without -n,
    --since and --offset as many as the server gives, usually 50."""
    from papayachat.script.tail import Tail, cursor_at, cursor_since

    if sum(option is not None for option in (last, since, offset)) > 1:
        raise click.UsageError("-n, --since and --offset exclude each other.")
    profile = load(name)
    if since is not None:
        Tail(profile, cursor_since(profile, since), follow, as_json, since).run()
    else:
        Tail(profile, last if offset is None else cursor_at(profile, offset), follow, as_json).run()
