"""papayachat log: what was said, from this machine's copy, without a connection."""

import re
import time

import click

from papayachat.disk.profile import load


@click.command("log")
@click.option("--grep", metavar="RE", help="What says something that matches, in any case.")
@click.option("--user", metavar="U", help="What one person said.")
@click.option("--since", metavar="T", help='From a time on: 2h, 7d, 18:30, "2026-11-22 21:53".')
@click.option("--json", "as_json", is_flag=True, help="An object a line.")
@click.pass_obj
def command(
    name: str | None, grep: str | None, user: str | None, since: str | None, as_json: bool
) -> None:
    """Print the local copy of the room, which the screen keeps; no connection is needed."""
    from papayachat.disk import search
    from papayachat.stream import when

    stamp = when.parse(since, time.time()) if since is not None else None
    if since is not None and stamp is None:
        raise click.BadParameter(f"no time: {since}", param_hint="--since")
    try:
        pattern = re.compile(grep, re.IGNORECASE) if grep is not None else None
    except re.error as error:
        raise click.BadParameter(f"no pattern: {error}", param_hint="--grep") from None
    search.print_log(load(name), search.Wanted(pattern, user, stamp), as_json)
