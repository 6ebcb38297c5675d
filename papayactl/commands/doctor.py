"""`papayactl doctor`: what is wrong here, and the command that mends it."""

from dataclasses import asdict

import click

from papayactl.cli.invocation import Invocation, has_colour, pass_invocation
from papayactl.doctor import examine, monitoring
from papayactl.doctor.finding import FAILURE, OK, WARNING
from papayad.errors import DONE, FAILED, Fault
from papayad.settings import Settings

_COLOURS = {OK: "green", WARNING: "yellow", FAILURE: "red"}


@click.command("doctor")
@click.option("--quiet", "-q", is_flag=True, help="Only what is not ok.")
@click.option("--nagios", is_flag=True, help="One line with figures, exit code 0, 1, 2 or 3.")
@click.pass_context
@pass_invocation
def command(invocation: Invocation, context: click.Context, quiet: bool, nagios: bool) -> None:
    """Look at everything that a room needs. Exit code 1: something is broken.

    Configuration, permissions, user, port, certificate, clock, disk, limits, stale state. Nothing
    is changed. A warning works, for now.
    """
    found = list(examine.examine(invocation.path, invocation.room))
    if nagios:
        code, line = monitoring.summary(invocation.room, found, _settings(invocation))
        click.echo(line)
        context.exit(code)
    shown = [one for one in found if not quiet or one.level != OK]
    lines = []
    for one in shown:
        level = one.level.ljust(len(FAILURE))
        word = click.style(level, fg=_COLOURS[one.level]) if has_colour() else level
        lines.append(f"{word}  {one.what}: {one.words}")
        if one.remedy:
            lines.append(f"{' ' * len(FAILURE)}  -> {one.remedy}")
    invocation.show([asdict(one) for one in shown], lines)
    context.exit(FAILED if any(one.level == FAILURE for one in found) else DONE)


def _settings(invocation: Invocation) -> Settings | None:
    try:
        return invocation.settings
    except Fault:
        return None
