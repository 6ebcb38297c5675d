"""`papayactl wall`: say something to everybody in the room."""

import sys

import click

from papayactl.act import notice
from papayactl.cli import output
from papayactl.cli.audit import audited
from papayactl.cli.invocation import Invocation, pass_room
from papayactl.look import living


@click.command("wall")
@click.argument("words", metavar="TEXT...", nargs=-1)
@audited
@pass_room
def command(invocation: Invocation, words: tuple[str, ...]) -> None:
    """Write a notice into the room's log, which every client shows. Without TEXT, read stdin."""
    if not words and sys.stdin.isatty():
        output.say("what is to be said, up to Ctrl-D:", err=True)
    said = notice.notice(invocation.settings, " ".join(words) or sys.stdin.read())
    count = len(living.living(invocation.settings))
    told = "1 client" if count == 1 else f"{count} clients"
    invocation.show({"notice": said, "clients": count}, [f"said to {told}"])
