"""`papayactl top`: the clients, live."""

import sys
import time
from contextlib import suppress

import click

from papayactl.cli import moments, table
from papayactl.cli.invocation import Invocation, pass_salvaged_room, terminal_width
from papayactl.look import columns, completion, living
from papayactl.top import screen
from papayactl.top.board import Board
from papayad.errors import USAGE, Fault


@click.command("top")
@click.argument("texts", metavar="[SELECTOR]...", nargs=-1, shell_complete=completion.selectors)
@click.option(
    "--sort",
    default="cpu",
    show_default=True,
    metavar="COLUMN",
    help="As in papayactl list.",
    shell_complete=completion.sort_columns,
)
@click.option(
    "--interval",
    "-d",
    callback=moments.as_duration,
    default="2s",
    show_default=True,
    metavar="TIME",
    help="Between two looks.",
)
@click.option("--batch", "-b", is_flag=True, help="Plain text for logs; no terminal is needed.")
@click.option("-n", "count", type=click.IntRange(1), metavar="N", help="Looks; then it ends.")
@pass_salvaged_room
def command(
    invocation: Invocation,
    texts: tuple[str, ...],
    sort: str,
    interval: float,
    batch: bool,
    count: int | None,
) -> None:
    """Show the clients, live, and what they use now. CPU% is since the previous look.

    \b
    arrows  choose a client      /  filter by a selector (Esc: all)
    k       kill it              s  sort by the next column
    f       freeze or thaw it    r  the other way round
    q       quit
    """
    columns.sort([], sort)  # to check that there is such a column
    board = Board(invocation.salvaged, texts, sort.lower())
    living.living(board.settings)  # tells of what is ignored, before there is a screen
    if batch:
        with suppress(KeyboardInterrupt):
            _batch(invocation, board, interval, count)
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Fault("top", "this is no terminal", "add --batch", code=USAGE)
    with suppress(KeyboardInterrupt):
        screen.run(board, max(0.1, interval), count)


def _batch(invocation: Invocation, board: Board, interval: float, count: int | None) -> None:
    headings = [columns.FIELDS[name].column for name in columns.DEFAULT]
    number = 0
    while count is None or number < count:
        if number:
            time.sleep(interval)
        board.refresh(None)
        values = [columns.as_dict(look) for look in board.rows]
        rows = [columns.render(look, columns.DEFAULT) for look in board.rows]
        lines = table.lines(headings, rows, terminal_width())
        invocation.show(
            values, ["", *board.heading(), *lines] if number else board.heading() + lines
        )
        sys.stdout.flush()
        number += 1
