"""`papayactl mute`: let users read, but not write."""

import click

from papayactl.cli.audit import audited_if
from papayactl.cli.invocation import Invocation, pass_salvaged_room
from papayactl.look import completion
from papayactl.state import token_file, user_marks
from papayad.state import marks


@click.command("mute")
@click.argument("users", metavar="[USER]...", nargs=-1, shell_complete=completion.users)
@audited_if("users")
@pass_salvaged_room
def command(invocation: Invocation, users: tuple[str, ...]) -> None:
    """Let users read, but not write, with all their clients, until papayactl unmute.

    Their messages get an error that says so. Without an argument: list who is muted.
    """
    settings = invocation.salvaged
    directory = marks.muted(settings.state_dir)
    for user in users:
        token_file.refuse_stranger(settings, user)
    for user in users:
        user_marks.leave(directory, user)
    muted = user_marks.users(directory)
    invocation.show({"muted": muted}, [f"muted {user}" for user in users or muted])
