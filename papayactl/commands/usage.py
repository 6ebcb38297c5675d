"""`papayactl usage`: what clients, the acceptor and the room use."""

import csv
import io
import itertools
import sys
import time
from contextlib import suppress
from typing import Any

import click

from papayactl.cli import figures, moments, output
from papayactl.cli.invocation import Invocation, pass_salvaged_room, table_options
from papayactl.cli.table import Column
from papayactl.look import completion, living, rates, selectors, usage
from papayactl.look.usage import Ledger, Use
from papayad.settings import Settings

Rate = dict[str, float | None]

_COLUMNS = (
    Column("WHO"),
    Column("CPU", True),
    Column("USER", True, 8),
    Column("SYSTEM", True, 9),
    Column("VCSW", True, 6),
    Column("ICSW", True, 7),
    Column("RSS", True, 5),
    Column("PSS", True, 1),
    Column("USS", True, 4),
    Column("IN", True),
    Column("OUT", True),
    Column("MSGS", True, 2),
    Column("LAG", True, 3),
)
_RATES = (
    Column("CPU%", True),
    Column("VCSW/s", True, 3),
    Column("ICSW/s", True, 4),
    Column("IN/s", True),
    Column("OUT/s", True),
    Column("MSGS/s", True),
)
_HELD = (Column("RSS", True, 5), Column("PSS", True, 1), Column("LAG", True, 2))


@click.command("usage")
@click.argument("texts", metavar="[SELECTOR]...", nargs=-1, shell_complete=completion.selectors)
@click.option(
    "--interval", callback=moments.as_duration, metavar="TIME", help="Look again, and show rates."
)
@click.option("--count", type=click.IntRange(1), metavar="N", help="Looks. Default: 1, or no end.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl", "csv"]),
    default="table",
    show_default=True,
    help="JSON lines and CSV: a row for each, with plain numbers.",
)
@table_options
@pass_salvaged_room
def command(
    invocation: Invocation,
    texts: tuple[str, ...],
    interval: float | None,
    count: int | None,
    form: str,
) -> None:
    """Show what clients, the acceptor and the room have used since they began.

    With --interval, each later look shows rates since the look before it. CPU time is as the
    scheduler counts it. MSGS are the messages of this client, which only root sees. LAG of the room
    is the largest of its clients'.
    """
    settings = invocation.salvaged
    looks = itertools.count() if interval and not count else range(count or 1)
    before: Ledger | None = None
    with suppress(KeyboardInterrupt):
        for number in looks:
            if number:
                time.sleep(interval or 1.0)
            now = _look(settings, texts)
            _show(invocation, form, _rated(before, now, settings), not before, before is None)
            sys.stdout.flush()
            before = now


def _look(settings: Settings, texts: tuple[str, ...]) -> Ledger:
    if not texts:
        return usage.look(settings)
    return usage.look(settings, selectors.choose(living.living(settings), texts))


def _rated(before: Ledger | None, now: Ledger, settings: Settings) -> list[tuple[Use, Rate | None]]:
    if before is None:
        return [(use, None) for use in now.uses]
    return list(rates.between(before, now, settings))


def _show(
    invocation: Invocation, form: str, rows: list[tuple[Use, Rate | None]], sums: bool, first: bool
) -> None:
    values = [rates.as_dict(use, rate) for use, rate in rows]
    if form == "jsonl":
        for value in values:
            output.say(output.as_json(value), painted=True)
    elif form == "csv":
        output.write(_csv(values, first and invocation.header))
    else:
        if not first and not invocation.json:
            output.say()
        columns = _COLUMNS if sums else (_COLUMNS[0], *_RATES, *_HELD)
        cells = [_sums(use) if sums else _rates(use, rate or {}) for use, rate in rows]
        invocation.show_table(values, columns, cells)


def _csv(values: list[dict[str, Any]], heading: bool) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(values[0]), lineterminator="\n")
    if heading:
        writer.writeheader()
    writer.writerows(values)
    return text.getvalue()


def _sums(use: Use) -> list[str]:
    sums, held = use.sums, use.held
    return [
        use.name,
        *map(figures.cpu, (sums.cpu, sums.user, sums.system)),
        *map(figures.whole, (sums.voluntary, sums.involuntary)),
        *map(figures.size, (held.rss, held.pss, held.uss, sums.bytes_in, sums.bytes_out)),
        figures.whole(sums.messages),
        figures.size(use.lag),
    ]


def _rates(use: Use, rate: Rate) -> list[str]:
    shown = [
        figures.size(rate.get(key)) if key.startswith("bytes") else figures.decimal(rate.get(key))
        for key in rates.RATES
    ]
    return [use.name, *shown, *map(figures.size, (use.held.rss, use.held.pss, use.lag))]
