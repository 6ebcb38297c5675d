"""`papayactl penalties`: the sources whose failures count against them; and forgiveness."""

import time
from typing import Any

import click

from papayactl.cli import moments
from papayactl.cli.audit import audited
from papayactl.cli.invocation import Helping, Invocation, pass_room
from papayactl.system import service_user
from papayad.errors import NOT_RUNNING, USAGE, Fault
from papayad.settings import Settings
from papayad.state import penalty
from papayad.state.penalty import Penalty, Scale


@click.group("penalties", cls=Helping)
def command() -> None:
    """Sources (an IPv4 address, an IPv6 /64) that failed to come in, and what it costs them."""


@command.command("list", short_help="Who failed, and who is refused for it.")
@pass_room
def list_penalties(invocation: Invocation) -> None:
    """List every source that has points; the acceptor writes them down up to a second late."""
    settings = invocation.settings
    scale, now = _scale(settings), time.monotonic()
    known = [one for one in _read(settings) if not one.is_over(scale, now)]
    values = [_as_dict(one, scale, now) for one in known]
    columns = ("SOURCE", "POINTS", "FAILURES", "LAST", "AGO", "REFUSED FOR")
    rows = [
        (
            value["source"],
            f"{value['points']:.1f}",
            str(value["failures"]),
            value["last"],
            moments.age(value["ago"]),
            moments.age(value["refused_for"]) if value["refused_for"] else "-",
        )
        for value in values
    ]
    invocation.show_table(values, columns, rows)


@command.command("clear", short_help="Forgive sources, or all of them.")
@click.argument("sources", metavar="SOURCE...", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="Every source.")
@audited
@pass_room
def clear(invocation: Invocation, sources: tuple[str, ...], everyone: bool) -> None:
    """Forget the failures of sources, named as `papayactl penalties list` names them.

    The acceptor sees that when the source comes again; you need do nothing else.
    """
    if bool(sources) == everyone:
        raise Fault("penalties clear", "name sources, or --all", code=USAGE)
    settings = invocation.settings
    known = {one.source for one in _read(settings)}
    unknown = [source for source in sources if source not in known]
    if unknown:
        remedy = "see papayactl penalties list"
        raise Fault(f'source "{unknown[0]}"', "has no points", remedy, code=NOT_RUNNING)
    cleared = sorted(known) if everyone else list(dict.fromkeys(sources))
    for source in cleared:
        penalty.mark(settings.state_dir, source).unlink(missing_ok=True)
    invocation.show({"cleared": cleared}, [f"forgave {source}" for source in cleared])


def _read(settings: Settings) -> list[Penalty]:
    try:
        return penalty.read_all(settings.state_dir)
    except FileNotFoundError:  # no papayad ever ran
        return []
    except OSError as error:
        raise service_user.fault(error) from error


def _scale(settings: Settings) -> Scale:
    return Scale(settings.limits.penalty_threshold, settings.limits.penalty_half_life)


def _as_dict(one: Penalty, scale: Scale, now: float) -> dict[str, Any]:
    return {
        "source": one.source,
        "points": round(one.faded(scale, now), 2),
        "failures": one.failures,
        "last": one.reason,
        "ago": round(now - one.at, 1),
        "refused_for": round(one.refused_for(scale, now), 1),
    }
