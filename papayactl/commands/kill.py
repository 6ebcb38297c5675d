"""`papayactl kill`: end clients."""

import click

from papayactl.act import confirmation, end
from papayactl.cli.audit import audited
from papayactl.cli.invocation import Invocation, pass_salvaged_room
from papayactl.cli.timeout import timeout_option
from papayactl.look import acceptor, columns, completion
from papayad.errors import FAILED, NOT_RUNNING, Fault


@click.command("kill")
@click.argument("texts", metavar="SELECTOR...", nargs=-1, shell_complete=completion.selectors)
@click.option("--all", "everyone", is_flag=True, help="Every client of the room.")
@click.option("--earlier", is_flag=True, help="Only those whom an earlier acceptor let in.")
@timeout_option(end.KILLED_AFTER)
@click.option("--yes", "-y", is_flag=True, help="Do not ask when there are several.")
@audited
@pass_salvaged_room
def command(
    invocation: Invocation,
    texts: tuple[str, ...],
    everyone: bool,
    earlier: bool,
    timeout: float,
    yes: bool,
) -> None:
    """End the clients that the selectors mean: with SIGTERM, then with SIGKILL.

    `papayactl list SELECTOR` shows beforehand which they are. Exit code 1: a client did not end;
    3: there is no such client.
    """
    settings = invocation.salvaged
    chosen = columns.choose(settings, texts, everyone or (earlier and not texts), "kill")
    if earlier:
        chosen = acceptor.of_earlier(settings, chosen)
        if not chosen:
            raise Fault("kill", "no such client", "see papayactl list --earlier", code=NOT_RUNNING)
    confirmation.confirm("kill", "End", chosen, yes)
    why = f"killed {invocation.reason}".strip()
    outcomes = end.end(settings, chosen, timeout, why)
    invocation.show(
        [outcome.as_dict() for outcome in outcomes], [outcome.sentence() for outcome in outcomes]
    )
    survivors = sum(not outcome.ended for outcome in outcomes)
    if survivors:
        why = f"{survivors} of {len(outcomes)} did not end"
        raise Fault("kill", why, "see their state with ps", code=FAILED)
