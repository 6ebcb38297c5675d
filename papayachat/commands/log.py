"""papayachat log: what was said, from this machine's copy, without a connection."""

import re

import click

from papayachat.disk.profile import load
from papayachat.stream.moment import parse_option


@click.command("log")
@click.option("--grep", metavar="RE", help="What says something that matches, in any case.")
@click.option("--user", metavar="U", help="What one person said.")
@click.option("--since", callback=parse_option, metavar="T", help="From a time on: 2h, 2026-11-22.")
@click.option("--json", "as_json", is_flag=True, help="An object a line.")
@click.pass_obj
def command(
    name: str | None, grep: str | None, user: str | None, since: str | None, as_json: bool
) -> None:
    """Print the local copy of the room, which the screen keeps; no connection is needed. On a
    terminal it is printed for people, in a pipe as it is in the log."""
    from papayachat.disk import search

    try:
        pattern = re.compile(grep, re.IGNORECASE) if grep is not None else None
    except re.error as error:
        raise click.BadParameter(f"no pattern: {error}", param_hint="--grep") from None
    search.print_log(load(name), search.Wanted(pattern, user, since), as_json)
