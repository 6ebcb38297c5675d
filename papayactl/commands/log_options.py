"""The options that choose a part of the log; part of `papayactl log`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from papayactl.cli import moments
from papayactl.look import completion

_WHEN = "From 2h ago on, or since 2026-11-22, or 2026-11-22T18:00."

F = TypeVar("F", bound=Callable[..., Any])


def excerpt_options(decorated: F) -> F:
    """--since, --until, --from, --to, --user, --format."""
    options = (
        click.option("--since", callback=moments.as_past, metavar="WHEN", help=_WHEN),
        click.option("--until", callback=moments.as_past, metavar="WHEN", help="Before then."),
        click.option("--from", "start", type=click.IntRange(0), metavar="OFFSET", help="From here"),
        click.option("--to", "stop", type=click.IntRange(0), metavar="OFFSET", help="Up to here."),
        click.option(
            "--user",
            "users",
            multiple=True,
            metavar="NAME",
            help="Of this user or pattern (repeatable); * alone: the server's own.",
            shell_complete=completion.users,
        ),
    )
    for option in reversed(options):
        decorated = option(decorated)
    return decorated
