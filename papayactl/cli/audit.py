"""A record of who did what, to whom, why, and with which outcome (design section 6).

Every command that changes something is `audited`: it takes `--reason`, and when it ends it adds a
line to the system's log, which nobody here can change, and to the room's history, which
`papayactl audit` shows. When root runs it, root writes to the system's log, and the room's user to
the history.
"""

import os
import pwd
import time
from collections.abc import Callable
from contextlib import suppress
from functools import update_wrapper
from typing import Any, TypeVar

import click

from papayactl.cli.invocation import Invocation
from papayactl.system import service_user
from papayad.errors import USAGE, Fault
from papayad.formats.record import stamp
from papayad.settings import Settings
from papayad.state import history
from papayad.system.journal import ADMIN_ACTED, Journal

F = TypeVar("F", bound=Callable[..., Any])

_UNSAID = {"json", "yes", "reason"}  # options that do not belong into the line
_SEPARATOR = " | "


def audited(command: F) -> F:
    """Decorate a command that changes something, above the decorator that passes the invocation."""
    return _kept(click.option(
        "--reason", metavar="WORDS", default="", expose_value=False, callback=_take_reason,
        help="Why: kept for admins, told to those who are ended.",
    )(command))  # fmt: skip


def audited_if(name: str) -> Callable[[F], F]:
    """The same for a command that changes something only with this parameter, and has --reason."""
    return lambda command: _kept(command, name)


def who() -> str:
    """The user who runs this (as sudo or doas names him, if it is root), and the terminal."""
    uid = os.getuid()
    name = str(uid)
    with suppress(KeyError):
        name = pwd.getpwuid(uid).pw_name
    behind = os.environ.get("SUDO_USER") or os.environ.get("DOAS_USER") or ""
    facts = [f"for {_word(behind)}"] if behind and behind != name else []
    facts.append(f"uid {uid}")
    with suppress(OSError):
        facts.append(os.ttyname(0))
    return f"{name} ({', '.join(facts)})"


def _kept(command: F, needed: str = "") -> F:
    def run(*arguments: Any, **options: Any) -> Any:
        context = click.get_current_context()
        if needed and not options.get(needed):
            return command(*arguments, **options)
        outcome = "interrupted"
        try:
            result = command(*arguments, **options)
            outcome = "done"
            return result
        except Fault as fault:
            outcome = f"failed: {fault}"
            raise
        except click.exceptions.Exit as end:
            outcome = f"ended with {end.exit_code}" if end.exit_code else "done"
            raise
        finally:
            _keep(context, outcome)

    decorated: F = update_wrapper(run, command)  # type: ignore[assignment]
    return decorated


def _keep(context: click.Context, outcome: str) -> None:
    invocation = context.find_object(Invocation)
    if invocation is None:
        return
    try:
        settings = invocation.settings
    except Fault:
        return  # no room was found, so nothing was done to one
    invocation.reason = invocation.reason or str(context.params.get("reason") or "")
    what = _what(context)
    fields = [_field(text) for text in (who(), what, outcome, invocation.reason)]
    if settings.service.log_to == "syslog":
        by, what, outcome, reason = fields
        line = f"{by}: {what}: {outcome}" + (f" (reason: {reason})" if reason else "")
        Journal(settings.room, "syslog", "papayactl").info(
            line, MESSAGE_ID=ADMIN_ACTED, PAPAYA_BY=by, PAPAYA_ACT=what, PAPAYA_OUTCOME=outcome,
            PAPAYA_REASON=reason,
        )  # fmt: skip
    with suppress(OSError, Fault):  # no state directory, or not ours: the system's log has it
        service_user.run(settings, lambda: _append(settings, _SEPARATOR.join(fields)))


def _append(settings: Settings, words: str) -> None:
    history.append(settings.state_dir, f"{stamp(time.time())} act {words}")


def _what(context: click.Context) -> str:
    """The command with its arguments, none of which is ever a secret."""
    words = [context.command_path.partition(" ")[2]]
    given = click.core.ParameterSource.COMMANDLINE
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in _UNSAID or context.get_parameter_source(name) != given:
            continue
        value = context.params.get(name)
        if isinstance(parameter, click.Option):
            words.append(parameter.opts[0])
        if value is not True:
            several = value if isinstance(value, tuple) else (value,)
            words += [str(one) for one in several]
    return " ".join(words)


def _take_reason(context: click.Context, _: click.Parameter, words: str) -> None:
    if not words.isprintable():
        raise Fault("--reason", "has characters that are not seen", "use one line", code=USAGE)
    if invocation := context.find_object(Invocation):
        invocation.reason = words.strip()


def _word(text: str) -> str:
    return "".join(text.split())[:64]


def _field(text: str) -> str:
    return text.replace("|", "/")
