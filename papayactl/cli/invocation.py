"""The options before the command: which room and configuration, JSON or not (design section 2).

Every command gets an Invocation. The configuration is read when a command first asks for it, so
that `--help` and `init` need none.
"""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, update_wrapper
from pathlib import Path
from typing import Any, TypeVar

import click

from papayactl.cli import output, salvage, table
from papayactl.cli.table import Column
from papayactl.system import service_user
from papayad import config
from papayad.config import DEFAULT_ROOM
from papayad.errors import USAGE
from papayad.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


class Helping(click.Group):
    """A group that prints its help on stderr if there is no command: click 8.1 would end with 0."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args or ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        click.echo(ctx.get_help(), err=True)
        raise SystemExit(USAGE)


@dataclass
class Invocation:
    """`option` is --config as it was given; --json may also stand after the command."""

    option: str | None = None
    room: str = DEFAULT_ROOM
    json: bool = False
    header: bool = True
    reason: str = ""  # why something is done: it is kept, and told to the clients that are ended

    @cached_property
    def path(self) -> Path:
        return config.find(self.option, self.room)

    @cached_property
    def settings(self) -> Settings:
        """The room's configuration; raises a Fault (77, 78)."""
        return config.load(self.path, self.room)

    @cached_property
    def salvaged(self) -> Settings:
        """The same, also of a file with mistakes, which are printed.

        For commands that show and end clients; a Fault (77, 78) if their place is not certain.
        """
        found, problems = salvage.load(self.path, self.room)
        if problems:
            more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
            remedy = "ignored here, see papayad --check"
            output.say(f"papayactl: {self.path}: {problems[0]}{more}: {remedy}", err=True)
        return found

    def show(self, value: Any, lines: Sequence[str], painted: bool = False) -> None:
        """Print a command's result: the value as JSON, or the lines for a person."""
        if self.json:
            output.say(output.as_json(value, indent=2), painted=True)
        else:
            for line in lines:
                output.say(line, painted=painted)

    def show_table(
        self,
        value: Any,
        columns: Sequence[Column | str],
        rows: Sequence[Sequence[str]],
        fit: bool = True,
    ) -> None:
        """The same for a list of things of one kind; without `fit` no column is left out."""
        width = terminal_width() if fit else None
        lines = table.lines(columns, rows, width, self.header)
        if lines and self.header and has_colour():
            lines[0] = click.style(lines[0], bold=True)
        self.show(value, lines, painted=True)  # a table's cells are harmless


def terminal_width() -> int | None:
    """The width of the terminal on stdout, or None."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def has_colour() -> bool:
    """See no-color.org."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def table_options(command: F) -> F:
    """`--no-header`, for a command that prints a table."""
    option = click.option(
        "--no-header",
        is_flag=True,
        expose_value=False,
        callback=_choose_no_header,
        help="Without the line of headings.",
    )
    return option(command)


def _choose_no_header(context: click.Context, _: click.Parameter, chosen: bool) -> None:
    invocation = context.find_object(Invocation)
    if chosen and invocation:
        invocation.header = False


pass_invocation = click.make_pass_decorator(Invocation)


def pass_room(command: F) -> F:
    """For a command that is done in the room, as its user: what root still is stays outside."""
    return _in_room(command, lambda invocation: invocation.settings)


def pass_salvaged_room(command: F) -> F:
    """The same with a configuration that may have mistakes."""
    return _in_room(command, lambda invocation: invocation.salvaged)


def _in_room(command: F, settings: Callable[[Invocation], Settings]) -> F:
    def run(invocation: Invocation, /, *arguments: Any, **options: Any) -> Any:
        return service_user.run(
            settings(invocation), lambda: command(invocation, *arguments, **options)
        )

    decorated: F = pass_invocation(update_wrapper(run, command))  # type: ignore[assignment]
    return decorated
