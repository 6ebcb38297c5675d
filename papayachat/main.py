"""papayachat's command line. Without a command it opens the screen, or without a terminal the
plain line mode.

A command is a file in papayachat/commands. It is found by its name and imported only when it is
used, so that a `send` in a shell loop loads nothing that it does not need.
"""

import io
import os
import sys
from errno import EDQUOT, EFBIG, EIO, ENOSPC
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import click

import papayachat.commands
from papayachat.stream.terminal import tell
from papayad import __version__
from papayad.errors import DONE, FAILED, Fault, reason

PROGRAM = "papayachat"
_NO_SCREEN = (None, "", "dumb", "unknown")
_STDOUT_IS_FULL = (ENOSPC, EDQUOT, EFBIG, EIO)
INTERRUPTED = 130  # the exit code that a shell shows for SIGINT


def known_profiles(ctx: click.Context, param: click.Parameter, start: str) -> list[str]:
    """For completion in a shell."""
    from papayachat.disk.profile import names

    return [name for name in names() if name.startswith(start)]


class Files(click.Group):
    """A group whose commands are the modules of papayachat.commands."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name for module in iter_modules(papayachat.commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = import_module(f"papayachat.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # of stdout; click would end with 1
            return _nobody_reads()


@click.group(cls=Files, invoke_without_command=True)
@click.option(
    "-p",
    "--profile",
    metavar="NAME",
    shell_complete=known_profiles,
    help="The profile; default: the last one joined.",
)
@click.option("--plain", is_flag=True, help="Line by line, even on a terminal.")
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
@click.pass_context
def papayachat_command(ctx: click.Context, profile: str | None, plain: bool) -> int:
    """Chat in a papaya room. Without a command: on a terminal the screen, elsewhere lines that come
    are sent and what is said is printed."""
    ctx.obj = profile
    if ctx.invoked_subcommand is not None:
        return DONE
    from papayachat.disk.profile import load

    if plain or not _is_screen():
        from papayachat.script.lines import run as run_lines

        return run_lines(load(profile))
    from papayachat.screen.screen import run as run_screen

    return run_screen(load(profile) if profile is not None else None)


def main() -> None:
    """The program; it always ends with sys.exit."""
    _have_standard_streams()
    try:
        code = papayachat_command.main(prog_name=PROGRAM, standalone_mode=False) or DONE
        sys.stdout.flush()
        sys.exit(code)
    except Fault as fault:
        tell(str(fault))
        _nobody_reads()
        sys.exit(fault.code)
    except OSError as error:
        if error.errno not in _STDOUT_IS_FULL:
            raise
        tell(f"stdout: {reason(error)}")
        _nobody_reads()
        sys.exit(FAILED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)


def _is_screen() -> bool:
    """Whether there is a terminal that can show the screen."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") not in _NO_SCREEN


def _nobody_reads() -> int:
    """Throw away what is buffered for stdout: nobody reads it, or it cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return DONE


def _have_standard_streams() -> None:
    """Open closed streams on nothing: else the socket could become stdout. And make sure that no
    message ends the program because the locale lacks a character."""
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
