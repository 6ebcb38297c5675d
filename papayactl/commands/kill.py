"""`papayactl kill`: end clients."""

import sys

import click

from papayactl import clusters, ending, moments, selectors
from papayactl.invocation import Invocation, pass_invocation
from papayad.errors import FAILED, NOT_RUNNING, USAGE, Fault
from papayad.roster import Entry


@click.command("kill")
@click.argument("texts", metavar="SELECTOR...", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="Every client of the room.")
@click.option(
    "--timeout",
    callback=moments.as_duration,
    metavar="TIME",
    default=f"{ending.PATIENCE:g}s",
    show_default=True,
    help="Between SIGTERM and SIGKILL.",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask when there are several.")
@pass_invocation
def command(
    invocation: Invocation, texts: tuple[str, ...], everyone: bool, timeout: float, yes: bool
) -> None:
    """End the clients that the selectors mean: SIGTERM, and SIGKILL for who survives it.

    `papayactl list SELECTOR` shows who that would be. Exit code 1: somebody survived; 3: nobody
    was meant.
    """
    config = invocation.config
    if bool(texts) == everyone:
        raise Fault("kill", "name clients, or --all", "see papayactl list", code=USAGE)
    entries = clusters.living(config)
    chosen = entries if everyone else selectors.choose(entries, texts)
    if not chosen:
        raise Fault("kill", "no such client", "see papayactl list", code=NOT_RUNNING)
    _confirm(chosen, yes)
    outcomes = ending.end(config, chosen, timeout)
    invocation.show(
        [outcome.as_dict() for outcome in outcomes], [outcome.sentence() for outcome in outcomes]
    )
    survivors = sum(not outcome.ended for outcome in outcomes)
    if survivors:
        why = f"{survivors} of {len(outcomes)} did not end"
        raise Fault("kill", why, "see their state with ps", code=FAILED)


def _confirm(chosen: list[Entry], yes: bool) -> None:
    if len(chosen) == 1 or yes:
        return
    if not sys.stdin.isatty():
        raise Fault("kill", f"{len(chosen)} clients are meant", "add --yes", code=USAGE)
    for entry in chosen:
        click.echo(clusters.label(entry), err=True)
    click.confirm(f"End these {len(chosen)} clients?", abort=True, err=True)
