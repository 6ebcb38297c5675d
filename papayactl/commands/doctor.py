"""`papayactl doctor`: what is wrong here, and the command that mends it."""

from dataclasses import asdict

import click

from papayactl.cli import output
from papayactl.cli.invocation import Invocation, has_colour, pass_invocation
from papayactl.doctor import examine, monitoring
from papayactl.doctor.finding import FAILURE, OK, WARNING, Finding
from papayactl.system import service_user
from papayad.errors import DONE, FAILED, Fault
from papayad.formats.harmless import harmless

_COLOURS = {OK: "green", WARNING: "yellow", FAILURE: "red"}


@click.command("doctor")
@click.option("--quiet", "-q", is_flag=True, help="Only what is not ok.")
@click.option("--nagios", is_flag=True, help="One line with figures, exit code 0, 1, 2 or 3.")
@click.pass_context
@pass_invocation
def command(invocation: Invocation, context: click.Context, quiet: bool, nagios: bool) -> None:
    """Check everything that a room needs. Exit code 1: something is broken.

    Configuration, permissions, user, port, certificate, clock, disk, limits, stale state. Nothing
    is changed. A warning means that it works, for now.
    """
    found = list(examine.examine(invocation.path, invocation.room))
    if nagios:
        code, line = _summary(invocation, found)
        output.say(line)
        context.exit(code)
    shown = [one for one in found if not quiet or one.level != OK]
    lines = []
    for one in shown:
        level = one.level.ljust(len(FAILURE))
        word = click.style(level, fg=_COLOURS[one.level]) if has_colour() else level
        lines.append(f"{word}  {harmless(f'{one.what}: {one.words}')}")
        if one.remedy:
            lines.append(f"{' ' * len(FAILURE)}  -> {harmless(one.remedy)}")
    invocation.show([asdict(one) for one in shown], lines, painted=True)
    context.exit(FAILED if any(one.level == FAILURE for one in found) else DONE)


def _summary(invocation: Invocation, found: list[Finding]) -> tuple[int, str]:
    try:
        settings = invocation.settings
    except Fault:
        return monitoring.summary(invocation.room, found, "")
    figures = service_user.run(settings, lambda: monitoring.figures(settings))
    return monitoring.summary(invocation.room, found, figures)
