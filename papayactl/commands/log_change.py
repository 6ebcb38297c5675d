"""Commands that change the log: rotate, redact, restored; part of `papayactl log`."""

import sys
from typing import Any

import click

from papayactl.act import prune, restore
from papayactl.act import redact as redaction
from papayactl.cli import output
from papayactl.cli.audit import audited
from papayactl.cli.invocation import Invocation, pass_room
from papayactl.commands.log_options import excerpt_options
from papayactl.state import excerpts
from papayactl.state.excerpts import Excerpt
from papayad.errors import USAGE, Fault

_SHOWN_AT_MOST = 20  # records that are shown before the question


@click.command("rotate", short_help="Begin a new segment.")
@audited
@pass_room
def rotate(invocation: Invocation) -> None:
    """Seal the present segment, and print the file that is written to from now on.

    An empty segment stays. Nobody in the room notices.
    """
    path = prune.rotate(invocation.settings)
    invocation.show({"path": path}, [path])


@click.command("redact", short_help="Erase what somebody said.")
@click.argument("targets", nargs=-1, metavar="[OFFSET|ID]...")
@excerpt_options
@click.option("--dry-run", is_flag=True, help="Say what would be erased, and erase nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@audited
@pass_room
def redact(
    invocation: Invocation, /, targets: tuple[str, ...], dry_run: bool, yes: bool, **bounds: Any
) -> None:
    """Erase the texts of records, named by their offsets or IDs; or all of --user.

    Time, sender and ID stay, and the length of the text, so that no cursor changes. Clients erase
    it in their copies when they next connect. Other copies (a backup, a terminal, a bot) keep it.
    """
    settings = invocation.settings
    chosen = redaction.plan(settings, targets, Excerpt(**bounds))
    if chosen.found and not dry_run:
        _confirm(chosen, yes)
        redaction.carry_out(settings, chosen)
    done = not dry_run
    shown = _lines(chosen) if dry_run else []
    invocation.show(chosen.as_dict(done), [*shown, chosen.sentence(done)])


@click.command("restored", short_help="Say that a backup was put back.")
@audited
@pass_room
def restored(invocation: Invocation) -> None:
    """Take the log as it is now, and make it a new one for its clients.

    For use after a backup of the state was put back, before papayad is started: then each client
    begins a new copy. Refused while the room is open. If the end of the last segment is no record,
    it is cut; records after that are kept in a file beside it.
    """
    done = restore.restored(invocation.settings)
    invocation.show(done.as_dict(), done.sentences())


def _confirm(chosen: redaction.Plan, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise Fault("log redact", chosen.sentence(False), "add --yes", code=USAGE)
    for line in _lines(chosen):
        output.say(line, err=True)
    click.confirm(f"Redact {len(chosen.found)} records?", abort=True, err=True)


def _lines(chosen: redaction.Plan) -> list[str]:
    """The first records, as lines of the log."""
    rendered = excerpts.renderer("text")
    lines = [rendered(one).rstrip("\n") for one in chosen.found[:_SHOWN_AT_MOST]]
    more = len(chosen.found) - len(lines)
    return [*lines, f"and {more} more"] if more else lines
