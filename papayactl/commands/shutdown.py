"""`papayactl shutdown`: warn the room, close the port, end every client."""

import click

from papayactl.act import end, shutdown
from papayactl.cli import moments
from papayactl.cli.audit import audited
from papayactl.cli.invocation import Invocation, pass_invocation
from papayactl.cli.timeout import timeout_option
from papayad.errors import FAILED, NOT_RUNNING, USAGE, Fault


@click.command("shutdown")
@click.option("--in", "delay", callback=moments.as_duration, metavar="TIME", help="Like 5m or 2h.")
@click.option("--message", default="", metavar="TEXT", help="Why, for the people in the room.")
@click.option("--abort", is_flag=True, help="Take back what was planned with --in.")
@timeout_option(end.KILLED_AFTER)
@audited
@pass_invocation
def command(
    invocation: Invocation, delay: float | None, message: str, abort: bool, timeout: float
) -> None:
    """Close the room for everybody: send a notice, close the port, end every client.

    With --in this command returns at once. A process of its own waits, reminds the people in the
    room, and closes it then. What was said stays in the log; papayactl acceptor start opens the
    room again.
    """
    if abort and delay is not None:
        raise Fault("shutdown", "--in or --abort", "see papayactl shutdown --help", code=USAGE)
    if abort:
        _abort(invocation, message)
    elif delay:
        _plan(invocation, delay, message, timeout)
    else:
        _close(invocation, message, timeout)


def _abort(invocation: Invocation, message: str) -> None:
    pid = shutdown.abort(invocation.settings, message)
    if pid is None:
        raise Fault("shutdown --abort", "none is planned", "", code=NOT_RUNNING)
    invocation.show({"aborted": pid}, ["the shutdown is taken back, and the room was told"])


def _plan(invocation: Invocation, delay: float, message: str, timeout: float) -> None:
    moment = moments.rfc3339(shutdown.plan(invocation.settings, delay, message, timeout))
    lines = [f"the room closes at {moment}; papayactl shutdown --abort takes it back"]
    invocation.show({"at": moment}, lines)


def _close(invocation: Invocation, message: str, timeout: float) -> None:
    settings = invocation.settings
    closed = shutdown.close(settings, message, timeout)
    port = "the port is closed" if closed.acceptor else "no acceptor was running"
    ended = [one.sentence() for one in closed.clients]
    value = {
        "room": settings.room,
        "acceptor": closed.acceptor,
        "clients": [one.as_dict() for one in closed.clients],
    }
    invocation.show(value, [f"room {settings.room}: {port}", *ended])
    survivors = sum(not one.ended for one in closed.clients)
    if survivors:
        raise Fault(
            "shutdown", f"{survivors} clients did not end", "see papayactl list", code=FAILED
        )
