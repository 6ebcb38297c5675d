"""`papayactl kill`: end clients."""

import click

from papayactl import clients, completing, confirming, ending, patience
from papayactl.invocation import Invocation, pass_invocation
from papayad.errors import FAILED, Fault


@click.command("kill")
@click.argument("texts", metavar="SELECTOR...", nargs=-1, shell_complete=completing.selectors)
@click.option("--all", "everyone", is_flag=True, help="Every client of the room.")
@patience.option(ending.PATIENCE)
@click.option("--yes", "-y", is_flag=True, help="Do not ask when there are several.")
@pass_invocation
def command(
    invocation: Invocation, texts: tuple[str, ...], everyone: bool, timeout: float, yes: bool
) -> None:
    """End the clients that the selectors mean: SIGTERM, and SIGKILL for who survives it.

    `papayactl list SELECTOR` shows who that would be. Exit code 1: somebody survived; 3: nobody
    was meant.
    """
    config = invocation.salvaged
    chosen = clients.chosen(config, texts, everyone, "kill")
    confirming.confirm("kill", "End", chosen, yes)
    outcomes = ending.end(config, chosen, timeout)
    invocation.show(
        [outcome.as_dict() for outcome in outcomes], [outcome.sentence() for outcome in outcomes]
    )
    survivors = sum(not outcome.ended for outcome in outcomes)
    if survivors:
        why = f"{survivors} of {len(outcomes)} did not end"
        raise Fault("kill", why, "see their state with ps", code=FAILED)
