"""papayachat profiles: the rooms that were joined."""

import click

from papayachat.disk import profile as profiles
from papayachat.stream.terminal import tell
from papayad.errors import Fault


def _known(ctx: click.Context, param: click.Parameter, start: str) -> list[str]:
    return [name for name in profiles.names() if name.startswith(start)]


@click.group("profiles", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the rooms that you joined; `*` marks the one that is used when none is named."""
    if ctx.invoked_subcommand is not None:
        return
    default = profiles.default()
    for name in profiles.names():
        try:
            profile = profiles.load(name)
        except Fault as fault:
            tell(str(fault))
            continue
        click.echo(f"{'*' if name == default else ' '} {name}  {profile.identity}")


@command.command("default")
@click.argument("name", shell_complete=_known)
def default(name: str) -> None:
    """Use this one when none is named."""
    profiles.make_default(profiles.load(name))


@command.command("forget")
@click.argument("name", shell_complete=_known)
def forget(name: str) -> None:
    """Remove a profile, and the token in it. The copy of the room stays where it is."""
    profiles.forget(name)
