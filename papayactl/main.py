"""papayactl's command line: options of the room, and a command for each file in `commands/`.

To add a command, make a file `commands/NAME.py` with a click command called `command`; it need not
be registered. The docstring of the file begins "`papayactl NAME`: what it does.", which is its line
in `--help`: so no command is imported for that, only the one that runs. A file
`commands/NAME_PART.py` is a part of the command NAME. psutil, rich and cryptography are imported in
the functions that use them.
"""

import os
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from papayactl import commands
from papayactl.cli import output
from papayactl.cli.invocation import Helping, Invocation
from papayad import __version__
from papayad.config import DEFAULT_ROOM
from papayad.errors import FAILED, USAGE, Fault, denied_or, exit_with, reason
from papayad.formats.harmless import harmless
from papayad.settings import ETC

PROGRAM = "papayactl"


class Commands(Helping):
    """The files of `commands/` as commands, and every error as one line on stderr."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        found = (module.name for module in pkgutil.iter_modules(commands.__path__))
        return sorted(name for name in found if "_" not in name)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{commands.__name__}.{cmd_name}").command
        return _understanding_json(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary(name)) for name in self.list_commands(ctx)])

    def main(self, *args: Any, **extra: Any) -> Any:
        output.begin()
        extra |= {"standalone_mode": False, "prog_name": PROGRAM}
        try:
            code = super().main(*args, **extra)
        except Fault as fault:
            _exit_with(fault)
        except click.UsageError as error:
            _exit_with(_usage(error))
        except click.Abort:
            _exit_with(Fault("aborted", "nothing more is done"))
        except click.ClickException as error:
            _exit_with(Fault(error.format_message(), ""))
        except BrokenPipeError:  # `papayactl log cat | head`: head has read enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that the flush at exit is quiet
            raise SystemExit(FAILED) from None
        except OSError as error:
            _exit_with(_from_system(error))
        raise SystemExit(code if isinstance(code, int) else 0)


def _exit_with(fault: Fault) -> NoReturn:
    exit_with(PROGRAM, fault, harmless)


def summary(command: str) -> str:
    """What a command does, from the first line of its file."""
    with Path(commands.__path__[0], f"{command}.py").open(encoding="utf-8") as file:
        words = file.readline().strip().strip('"').partition(": ")[2]
    return words[:1].upper() + words[1:]


def _understanding_json(command: click.Command) -> click.Command:
    """The command and each below it, so that `--json` may also stand after its name."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _understanding_json(below)
    elif not any(parameter.name == "json" for parameter in command.params):
        command.params.append(
            click.Option(
                ["--json"],
                is_flag=True,
                expose_value=False,
                callback=_choose_json,
                help="Print JSON.",
            )
        )
    return command


def _choose_json(context: click.Context, _: click.Parameter, chosen: bool) -> None:
    invocation = context.find_object(Invocation)
    if chosen and invocation:
        invocation.json = True


def _usage(error: click.UsageError) -> Fault:
    path = error.ctx.command_path if error.ctx else PROGRAM
    what = path.removeprefix(PROGRAM).strip() or "usage"
    why = error.format_message().rstrip(".")
    return Fault(what, why, f"see {path} --help", code=USAGE)


def _from_system(error: OSError) -> Fault:
    """The Fault for a failed system call that no command handles."""
    what = str(error.filename or "system")
    code = denied_or(error, FAILED)
    return Fault(what, reason(error), "try as root" if code != FAILED else "", code=code)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", "option", metavar="FILE", help=f"Instead of {ETC}/ROOM.toml.")
@click.option("--room", metavar="NAME", default=DEFAULT_ROOM, show_default=True, help="The room.")
@click.option("--json", is_flag=True, help="Print JSON, for programs.")
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
@click.pass_context
def main(context: click.Context, option: str | None, room: str, json: bool) -> None:
    """See, end and invite the clients of a papaya room, and run its acceptor."""
    context.obj = Invocation(option, room, json)
