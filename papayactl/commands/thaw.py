"""`papayactl thaw`: let frozen clients and users go on."""

import click

from papayactl import clients, completing, freezing
from papayactl.commands.freeze import show
from papayactl.invocation import Invocation, pass_invocation
from papayad.errors import NOT_RUNNING, Fault


@click.command("thaw")
@click.argument("texts", metavar="[SELECTOR]...", nargs=-1, shell_complete=completing.selectors)
@click.option("--all", "everyone", is_flag=True, help="Every client, and every refused user.")
@click.option("--user", metavar="NAME", help="This user.", shell_complete=completing.users)
@pass_invocation
def command(
    invocation: Invocation, texts: tuple[str, ...], everyone: bool, user: str | None
) -> None:
    """Let the clients that the selectors mean go on.

    Where a selector is the name of a user whose new connections are refused (freeze --user), they
    are let in again.
    """
    config = invocation.salvaged
    refused = freezing.refused(config)
    named = [*texts, user] if user else list(texts)
    users = refused if everyone else [name for name in named if name in refused or name == user]
    changed = [one for name in users for one in freezing.thaw_user(config, name)]
    others = tuple(text for text in texts if text not in users)
    if others or everyone or not users:
        changed += _thaw(invocation, others, everyone, bool(users))
    words = f"new connections of {', '.join(users)} are let in again"
    show(invocation, "thaw", changed, " ".join(users), words)


def _thaw(
    invocation: Invocation, texts: tuple[str, ...], everyone: bool, anything: bool
) -> list[freezing.Changed]:
    """The clients themselves; that there are none is no mistake when a user was let in again."""
    try:
        chosen = clients.chosen(invocation.salvaged, texts, everyone, "thaw")
    except Fault as fault:
        if anything and fault.code == NOT_RUNNING:
            return []
        raise
    return freezing.thaw(invocation.salvaged, chosen)
