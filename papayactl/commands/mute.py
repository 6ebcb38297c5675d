"""`papayactl mute`: let users read on and write nothing."""

import click

from papayactl.cli.invocation import Invocation, pass_salvaged_room
from papayactl.look import completion
from papayactl.state import token_file, user_marks
from papayad.state import marks


@click.command("mute")
@click.argument("users", metavar="[USER]...", nargs=-1, shell_complete=completion.users)
@pass_salvaged_room
def command(invocation: Invocation, users: tuple[str, ...]) -> None:
    """Let users read on and write nothing, with all their clients, until papayactl unmute.

    What they send is answered with an error that says so. Without an argument: who is muted.
    """
    settings = invocation.salvaged
    directory = marks.muted(settings.state_dir)
    for user in users:
        token_file.refuse_stranger(settings, user)
    for user in users:
        user_marks.leave(directory, user)
    muted = user_marks.users(directory)
    invocation.show({"muted": muted}, [f"muted {user}" for user in users or muted])
