"""`papayactl unban`: let users, addresses and networks in again."""

import click

from papayactl.cli.audit import audited
from papayactl.cli.invocation import Invocation, pass_invocation
from papayactl.state import ban_file
from papayad.errors import NOT_RUNNING, Fault


@click.command("unban")
@click.argument("texts", metavar="USER|ADDRESS|NETWORK...", nargs=-1, required=True)
@audited
@pass_invocation
def command(invocation: Invocation, texts: tuple[str, ...]) -> None:
    """Lift bans, each named as `papayactl ban` lists it."""
    subjects = [ban_file.subject(text) for text in texts]
    with ban_file.editing(invocation.settings) as known:
        for subject in subjects:
            if known.pop(subject, None) is None:
                raise Fault(subject, "is not banned", "see papayactl ban", code=NOT_RUNNING)
    value = {"unbanned": subjects}
    invocation.show(value, [f"{subject} may come in again" for subject in subjects])
