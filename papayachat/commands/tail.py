"""papayachat tail: records on stdout, for pipes, bots and people."""

import click

from papayachat.disk.profile import load


@click.command("tail")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is said from now on.")
@click.option("-n", "last", type=click.IntRange(min=0), metavar="N", help="The last N records.")
@click.option("--since", type=click.IntRange(min=0), metavar="OFFSET", help="From an offset on.")
@click.option("--json", "as_json", is_flag=True, help="An object a line; offsets are in there.")
@click.pass_obj
def command(
    name: str | None, follow: bool, last: int | None, since: int | None, as_json: bool
) -> None:
    """Print records; without -n and --since as many as the server gives, usually 50."""
    from papayachat.script.tail import Tail, cursor_at

    if last is not None and since is not None:
        raise click.UsageError("-n and --since exclude each other.")
    profile = load(name)
    start = last if since is None else cursor_at(profile, since)
    Tail(profile, start, follow, as_json).run()
