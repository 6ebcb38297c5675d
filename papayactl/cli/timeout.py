"""--timeout, for commands that end processes: how long to wait between SIGTERM and SIGKILL."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from papayactl.cli import moments

F = TypeVar("F", bound=Callable[..., Any])


def timeout_option(seconds: float, what: str = "Between SIGTERM and SIGKILL.") -> Callable[[F], F]:
    """The option, as `timeout` in seconds, with this default."""
    return click.option(
        "--timeout",
        callback=moments.as_duration,
        metavar="TIME",
        default=f"{seconds:g}s",
        show_default=True,
        help=what,
    )
