"""`papayactl acceptor`: what lets clients in: status, stop, start, reload."""

from dataclasses import asdict

import click

from papayactl.act import control
from papayactl.act.control import Stopped
from papayactl.cli.audit import audited
from papayactl.cli.invocation import Helping, Invocation, pass_invocation
from papayactl.cli.timeout import timeout_option
from papayactl.look import acceptor
from papayactl.look.acceptor import Status
from papayad.errors import DONE, NOT_RUNNING


@click.group(
    "acceptor",
    cls=Helping,
    short_help="The process that lets clients in: status, stop, start, reload.",
)
def command() -> None:
    """The process that lets clients in. Connected clients go on without it."""


@command.command("status", short_help="Whether it runs; exit code 0 or 3.")
@click.pass_context
@pass_invocation
def status(invocation: Invocation, context: click.Context) -> None:
    """Say whether new clients are let in (exit code 0 or 3), where, and how many sessions exist.

    An acceptor that is stopped by a signal lets nobody in (3). If systemd starts one at the first
    connection, clients are let in (0).
    """
    seen = _show_status(invocation)
    context.exit(DONE if seen.lets_in else NOT_RUNNING)


@command.command("stop", short_help="Close the port; sessions go on.")
@timeout_option(control.KILLED_AFTER)
@audited
@pass_invocation
def stop(invocation: Invocation, timeout: float) -> None:
    """Stop the acceptor, and return when its port is closed. Every session goes on."""
    settings = invocation.settings
    if not control.is_running(settings):
        control.stop_waiting(settings)
        _show_status(invocation)
    else:
        _show_stopped(invocation, control.stop(settings, timeout))


@command.command("start", short_help="Run papayad; it joins the sessions that go on.")
@audited
@pass_invocation
def start(invocation: Invocation) -> None:
    """Start papayad, and return when a client can connect. Sessions that go on are in its room."""
    settings = invocation.settings
    if not control.is_running(settings):
        control.start(settings)
    _show_status(invocation)


@command.command("restart", short_help="Stop, then start; sessions go on.")
@audited
@pass_invocation
def restart(invocation: Invocation) -> None:
    """Stop the acceptor if it runs, and start papayad. Every session goes on.

    If the start would fail, nothing is stopped (78).
    """
    settings = invocation.settings
    control.check(settings, "restart")
    if control.is_running(settings):
        control.stop(settings)
    control.start(settings)
    _show_status(invocation)


@command.command("reload", short_help="Re-read configuration, tokens and certificate.")
@timeout_option(control.KILLED_AFTER, "For the acceptor's answer.")
@audited
@pass_invocation
def reload(invocation: Invocation, timeout: float) -> None:
    """Make the acceptor read its files again, and return when it has.

    If it would refuse them, or does refuse them, everything stays as it was (78).
    """
    settings = invocation.settings
    now = control.reload(settings, timeout)
    invocation.show(
        {"room": settings.room, "pid": now.pid, "generation": now.generation},
        [f"room {settings.room}: pid {now.pid} has read its files again"],
    )


def _show_status(invocation: Invocation) -> Status:
    settings = invocation.settings
    seen = acceptor.status(settings)
    invocation.show(asdict(seen), [_sentence(seen)])
    return seen


def _show_stopped(invocation: Invocation, stopped: Stopped) -> None:
    room = invocation.settings.room
    by = "" if stopped.signal == "SIGTERM" else f" (by {stopped.signal})"
    line = f"room {room}: the port is closed, pid {stopped.pid} ended{by}"
    if stopped.sessions is not None:
        line += f", {_counted(stopped.sessions)} {'goes' if stopped.sessions == 1 else 'go'} on"
    invocation.show({"room": room} | asdict(stopped), [line])


def _sentence(seen: Status) -> str:
    words = f"room {seen.room}: {seen.state}"
    if seen.pid is not None:
        words += f", pid {seen.pid}, listens on {' '.join(seen.addresses) or 'nothing'}"
    if seen.changed:
        words += ", the configuration was changed and is not loaded"
    if seen.sessions is not None:
        words += f", {_counted(seen.sessions)}"
        if seen.earlier and seen.pid is not None:
            words += f", {seen.earlier} of them from an earlier acceptor"
    return words


def _counted(sessions: int) -> str:
    return "1 session" if sessions == 1 else f"{sessions} sessions"
