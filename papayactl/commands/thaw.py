"""`papayactl thaw`: let frozen clients and users go on."""

import click

from papayactl.act import freeze
from papayactl.cli.audit import audited
from papayactl.cli.invocation import Invocation, pass_salvaged_room
from papayactl.commands.freeze import show
from papayactl.look import columns, completion, living
from papayad.errors import NOT_RUNNING, Fault


@click.command("thaw")
@click.argument("texts", metavar="[SELECTOR]...", nargs=-1, shell_complete=completion.selectors)
@click.option("--all", "everyone", is_flag=True, help="Every client, and every refused user.")
@click.option("--user", metavar="NAME", help="This user.", shell_complete=completion.users)
@audited
@pass_salvaged_room
def command(
    invocation: Invocation, texts: tuple[str, ...], everyone: bool, user: str | None
) -> None:
    """Let the clients that the selectors mean go on.

    If a selector is the name of a user whose new connections are refused (freeze --user), they are
    let in again.
    """
    settings = invocation.salvaged
    refused = living.refused(settings)
    named = [*texts, user] if user else list(texts)
    users = refused if everyone else [name for name in named if name in refused or name == user]
    changed = [one for name in users for one in freeze.thaw_user(settings, name)]
    others = tuple(text for text in texts if text not in users)
    if others or everyone or not users:
        changed += _thaw(invocation, others, everyone, bool(users))
    words = f"new connections of {', '.join(users)} are let in again"
    show(invocation, "thaw", changed, " ".join(users), words)


def _thaw(
    invocation: Invocation, texts: tuple[str, ...], everyone: bool, anything: bool
) -> list[freeze.Changed]:
    """Thaw clients; to find none is right if a refused user was let in again."""
    try:
        chosen = columns.choose(invocation.salvaged, texts, everyone, "thaw")
    except Fault as fault:
        if anything and fault.code == NOT_RUNNING:
            return []
        raise
    return freeze.thaw(invocation.salvaged, chosen)
