"""papayachat profiles: the rooms that were joined."""

import click

from papayachat.disk import profile as profiles
from papayachat.stream.terminal import tell
from papayad.errors import Fault


@click.command("profiles")
def command() -> None:
    """List the rooms that you joined; `*` marks the one that is used when none is named."""
    default = profiles.default()
    for name in profiles.names():
        try:
            profile = profiles.load(name)
        except Fault as fault:
            tell(str(fault))
            continue
        click.echo(f"{'*' if name == default else ' '} {name}  {profile.identity}")
