"""`papayactl log`: what was said: path, tail, cat, export, verify, prune, redact."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from papayactl.act import prune
from papayactl.cli import figures, output
from papayactl.cli.audit import audited
from papayactl.cli.invocation import Helping, Invocation, pass_invocation, pass_room
from papayactl.cli.progress import progress
from papayactl.commands import log_change
from papayactl.commands.log_options import excerpt_options
from papayactl.look import clients, living
from papayactl.state import excerpts, records, verify
from papayactl.state.excerpts import Excerpt
from papayactl.state.records import Placed
from papayactl.system import service_user
from papayad.errors import FAILED, USAGE, Fault, denied_or, reason
from papayad.log import segments
from papayad.log.reader import Reader
from papayad.settings import Settings

_FOLLOWED = 0.2  # seconds between two looks at the log's end


@click.group("log", cls=Helping)
def command() -> None:
    """The chat log: a record is the same line in the file, on the wire and here."""


_format = click.option(
    "--format", "form", type=click.Choice(excerpts.FORMATS), help="Default: text."
)


@command.command("path", short_help="The file that is written now.")
@click.option("--all", "everything", is_flag=True, help="All segments, oldest first.")
@pass_room
def path(invocation: Invocation, everything: bool) -> None:
    """Print the file that is written to now, for tail -F; with --all every segment, oldest first.

    A segment is named by the offset of its first byte. What lies beyond the committed end, in the
    last one, was never shown to anybody.
    """
    settings = invocation.settings
    records.end(settings)
    paths = [segments.path(settings.state_dir, base) for base in segments.bases(settings.state_dir)]
    shown = paths if everything else paths[-1:]
    invocation.show(shown, shown)


@command.command("tail", short_help="The last records; -f: and those to come.")
@click.option("-n", "count", type=click.IntRange(0), default=10, show_default=True, metavar="N")
@click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl-C.")
@_format
@pass_room
def tail(invocation: Invocation, count: int, follow: bool, form: str | None) -> None:
    """Print the last N records; with -f also those to come, across segments."""
    settings = invocation.settings
    end = records.reachable(settings.state_dir, records.end(settings))
    start = _start_of_last(settings, count, end)
    everything = Excerpt()
    rendered = excerpts.renderer(_form(invocation, form))
    output.write(excerpts.heading(_form(invocation, form)))
    with suppress(KeyboardInterrupt):
        while True:
            for placed in everything.read(settings.state_dir, start, end):
                output.write(rendered(placed))
            sys.stdout.flush()
            if not follow:
                return
            start = end
            while (end := clients.committed_end(settings) or start) <= start:
                time.sleep(_FOLLOWED)


@command.command("cat", short_help="Records by time, offset and user.")
@excerpt_options
@_format
@pass_room
def cat(invocation: Invocation, /, form: str | None, **bounds: Any) -> None:
    """Print the records between two times or offsets, of some users."""
    kind = _form(invocation, form)
    output.write(excerpts.heading(kind))
    rendered = excerpts.renderer(kind)
    for placed in _read(invocation.settings, Excerpt(**bounds), not sys.stdout.isatty()):
        output.write(rendered(placed))


@command.command("export", short_help="The same into a file.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@excerpt_options
@_format
@pass_invocation
def export(invocation: Invocation, /, file: Path, form: str | None, **bounds: Any) -> None:
    """Write records into FILE, which must not exist; .csv and .jsonl say the format."""
    suffix = file.suffix.removeprefix(".")
    kind = form or (suffix if suffix in excerpts.FORMATS else _form(invocation, None))
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        code = denied_or(error, FAILED)
        raise Fault(str(file), reason(error), "name another file", code=code) from error
    settings = invocation.settings
    count = service_user.run(settings, lambda: _export(descriptor, settings, kind, bounds))
    size = file.stat().st_size
    value = {"file": str(file), "format": kind, "records": count, "bytes": size}
    invocation.show(value, [f"{file}: {count} records, {figures.size(size)} of {kind}"])


def _export(descriptor: int, settings: Settings, kind: str, bounds: dict[str, Any]) -> int:
    """In the room: write the records into an open file; return how many there were."""
    rendered = excerpts.renderer(kind)
    count = 0
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
        out.write(excerpts.heading(kind))
        for placed in _read(settings, Excerpt(**bounds), True):
            out.write(rendered(placed))
            count += 1
    return count


@command.command("verify", short_help="Check every byte; exit code 1: the log is damaged.")
@pass_room
def verify_log(invocation: Invocation) -> None:
    """Check each segment and every record, and name the offset of the first bad byte."""
    settings = invocation.settings
    end = records.end(settings)
    total = end - records.oldest(settings.state_dir)
    with progress("verifying", total) as bar:
        found = verify.verify(settings.state_dir, end, bar.reach)
    invocation.show(found.as_dict(), [found.sentence()])
    if found.bad is not None:
        base = segments.holding(settings.state_dir, found.bad) or 0
        where = f"{segments.path(settings.state_dir, base)}, byte {found.bad - base}"
        why = f"bad at offset {found.bad} ({where}): {found.why}"
        raise Fault("the log", why, "restore it from a copy", code=FAILED)


@command.command("prune", short_help="Remove old segments.")
@click.option("--keep-bytes", type=click.IntRange(0), metavar="N", help="At least the last N.")
@click.option("--keep-days", type=click.IntRange(1), metavar="N", help="Of the last N days.")
@click.option("--dry-run", is_flag=True, help="Say what would go, and remove nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@audited
@pass_room
def prune_log(
    invocation: Invocation,
    keep_bytes: int | None,
    keep_days: int | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Remove whole segments that are too old or too many.

    Without an option, chatlog.retain_bytes and retain_days say what stays. The present segment
    stays, unless all of it is too old: then a new one begins first. Clients that have not got all
    of it yet are named first, and are told of the gap.
    """
    settings = invocation.settings
    chatlog = prune.rules(settings.chatlog, keep_bytes, keep_days)
    records.end(settings)
    plan = prune.plan(settings, chatlog)
    if plan.bases and not dry_run:
        _confirm(plan, yes)
        plan = prune.carry_out(settings, chatlog)
    invocation.show(plan.as_dict(not dry_run), plan.sentences(not dry_run))


def _confirm(plan: prune.Plan, yes: bool) -> None:
    for entry in plan.below:
        output.say(f"{living.label(entry)} has not got all of that yet: a gap", err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise Fault("log prune", f"{len(plan.bases)} segments", "add --yes", code=USAGE)
    size = figures.size(plan.bytes)
    click.confirm(f"Remove {len(plan.bases)} segments, {size}?", abort=True, err=True)


def _form(invocation: Invocation, form: str | None) -> str:
    return form or ("jsonl" if invocation.json else "text")


def _read(settings: Settings, excerpt: Excerpt, with_bar: bool) -> Iterator[Placed]:
    end = records.reachable(settings.state_dir, records.end(settings))
    start, stop = excerpt.span(settings.state_dir, end)
    with progress("reading", stop - start, with_bar) as bar:
        for placed in excerpt.read(settings.state_dir, start, stop):
            yield placed
            bar.reach(placed.offset - start)


def _start_of_last(settings: Settings, count: int, end: int) -> int:
    reader = Reader(settings.state_dir)
    try:
        return reader.start_of_last(count, end)
    finally:
        reader.close()


for changing in (log_change.rotate, log_change.redact, log_change.restored):
    command.add_command(changing)
