"""A question before a command acts on several clients."""

import sys
from collections.abc import Sequence

import click

from papayactl.cli import output
from papayactl.look import living
from papayad.errors import USAGE, Fault
from papayad.state.roster import Entry

_NAMED_AT_MOST = 10


def confirm(command: str, verb: str, chosen: Sequence[Entry], yes: bool) -> None:
    """Ask before a command acts on more than one client. A Fault (2) if nobody can be asked."""
    if len(chosen) == 1 or yes:
        return
    if not sys.stdin.isatty():
        raise Fault(command, f"{len(chosen)} clients are meant", "add --yes", code=USAGE)
    for entry in chosen[:_NAMED_AT_MOST]:
        output.say(living.label(entry), err=True)
    if len(chosen) > _NAMED_AT_MOST:
        output.say(f"and {len(chosen) - _NAMED_AT_MOST} more", err=True)
    click.confirm(f"{verb} these {len(chosen)} clients?", abort=True, err=True)
