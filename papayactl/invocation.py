"""What is said before the command: which room and configuration, JSON or not (design section 2).

Every command gets one Invocation. The configuration is read when a command first asks for it, so
that `--help` and `init` need none.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import click

from papayactl import table
from papayad import config
from papayad.config import DEFAULT_ROOM, Config


@dataclass
class Invocation:
    """`option` is --config as it was given; `json` may also be said behind the command."""

    option: str | None = None
    room: str = DEFAULT_ROOM
    json: bool = False

    @cached_property
    def path(self) -> Path:
        return config.find(self.option, self.room)

    @cached_property
    def config(self) -> Config:
        """The room's configuration; raises a Fault (77, 78)."""
        return config.load(self.path, self.room)

    def show(self, value: Any, lines: Sequence[str]) -> None:
        """Print a command's result: the value as JSON, or the lines for a person."""
        if self.json:
            click.echo(json.dumps(value, indent=2, ensure_ascii=False))
        else:
            for line in lines:
                click.echo(line)

    def show_table(self, value: Any, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """The same for a result that is a list of things of one kind."""
        self.show(value, table.lines(columns, rows))


pass_invocation = click.make_pass_decorator(Invocation)
