"""`papayactl metrics`: the room's numbers for Prometheus."""

from pathlib import Path
from typing import Any

import click

from papayactl.cli.invocation import Invocation, pass_invocation
from papayactl.look import metrics
from papayactl.system import service_user
from papayad.errors import FAILED, Fault, denied_or, reason
from papayad.settings import Settings
from papayad.system.files import write_whole


@click.command("metrics")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Replace this file, whole: one of node_exporter's textfile collector (*.prom).",
)
@pass_invocation
def command(invocation: Invocation, output: Path | None) -> None:
    """Print the room, its acceptor and each user as OpenMetrics text."""
    settings = invocation.settings
    value, text = service_user.run(settings, lambda: _collect(settings))
    if output is None:
        invocation.show(value, text.splitlines())
        return
    try:
        write_whole(output, text.encode(), 0o644)
    except OSError as error:
        code = denied_or(error, FAILED)
        raise Fault(str(output), reason(error), "it is as it was", code=code) from error


def _collect(settings: Settings) -> tuple[dict[str, Any], str]:
    """In the room: the numbers, for JSON and as text."""
    families = metrics.collect(settings)
    value = {
        f"{family.name}{'_total' if family.kind == 'counter' else ''}": [
            {"labels": labels, "value": number} for labels, number in family.samples
        ]
        for family in families
    }
    return value, metrics.render(families)
