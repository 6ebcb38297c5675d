"""A moment on the command line: what every --since takes becomes a record's timestamp."""

import time

import click

from papayachat.stream import when


def parse_option(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """A click callback; click says so if the text is no time."""
    if value is None:
        return None
    stamp = when.parse(value, time.time())
    if stamp is None:
        raise click.BadParameter(f'no time: {value}; times are 2h, 7d, 18:30, "2026-11-22 21:53"')
    return stamp
