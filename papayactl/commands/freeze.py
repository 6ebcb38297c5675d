"""`papayactl freeze`: stop clients until thaw; nothing is lost."""

import click

from papayactl.act import confirmation, freeze
from papayactl.act.freeze import Changed
from papayactl.cli.audit import audited
from papayactl.cli.invocation import Invocation, pass_salvaged_room
from papayactl.look import columns, completion, living
from papayactl.state import token_file
from papayad.errors import FAILED, USAGE, Fault


@click.command("freeze")
@click.argument("texts", metavar="[SELECTOR]...", nargs=-1, shell_complete=completion.selectors)
@click.option("--all", "everyone", is_flag=True, help="Every client of the room.")
@click.option(
    "--user",
    metavar="NAME",
    help="All clients of this user, and refuse its new connections.",
    shell_complete=completion.users,
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask when there are several.")
@audited
@pass_salvaged_room
def command(
    invocation: Invocation, texts: tuple[str, ...], everyone: bool, user: str | None, yes: bool
) -> None:
    """Stop the clients that the selectors mean, until papayactl thaw.

    Their connections stay open, and what is said meanwhile reaches them afterwards. Exit code 3:
    there is no such client.
    """
    settings = invocation.salvaged
    if user is None:
        chosen = columns.choose(settings, texts, everyone, "freeze")
        confirmation.confirm("freeze", "Freeze", chosen, yes)
        changed = freeze.freeze(settings, chosen)
    elif texts or everyone:
        raise Fault("freeze", "--user stands alone", "see papayactl freeze --help", code=USAGE)
    else:
        token_file.refuse_stranger(settings, user)
        changed = freeze.freeze_user(settings, user)
    show(invocation, "freeze", changed, user, f"new connections of {user} are refused")


def show(
    invocation: Invocation, command: str, changed: list[Changed], user: str | None, words: str
) -> None:
    """What became of each client; a Fault (1) when one did not obey."""
    lines = [one.sentence() for one in changed]
    clients = [one.as_dict() for one in changed]
    refused = living.refused(invocation.salvaged)
    invocation.show({"clients": clients, "refused": refused}, [words, *lines] if user else lines)
    left = sum(one.state not in (one.meant, "gone") for one in changed)
    if left:
        why = f"{left} of {len(changed)} did not obey"
        raise Fault(command, why, "see their state with ps", code=FAILED)
