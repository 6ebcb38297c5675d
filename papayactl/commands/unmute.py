"""`papayactl unmute`: let muted users write again."""

import click

from papayactl.cli.audit import audited
from papayactl.cli.invocation import Invocation, pass_salvaged_room
from papayactl.look import completion
from papayactl.state import user_marks
from papayad.errors import NOT_RUNNING, USAGE, Fault
from papayad.state import marks


@click.command("unmute")
@click.argument("users", metavar="[USER]...", nargs=-1, shell_complete=completion.muted)
@click.option("--all", "everyone", is_flag=True, help="Everybody who is muted.")
@audited
@pass_salvaged_room
def command(invocation: Invocation, users: tuple[str, ...], everyone: bool) -> None:
    """Let users write again. Exit code 3: one of them is not muted; then nothing is changed."""
    if bool(users) == everyone:
        raise Fault("unmute", "name users, or --all", "see papayactl mute", code=USAGE)
    directory = marks.muted(invocation.salvaged.state_dir)
    known = user_marks.users(directory)
    for user in users:
        if user not in known:
            raise Fault(f'user "{user}"', "is not muted", "see papayactl mute", code=NOT_RUNNING)
    chosen = known if everyone else users
    for user in chosen:
        user_marks.remove(directory, user)
    left = user_marks.users(directory)
    invocation.show({"muted": left}, [f"{user} may write again" for user in chosen])
