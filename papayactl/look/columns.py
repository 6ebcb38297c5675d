"""Which clients a command means, and how they are shown: the columns of list and top."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from papayactl.cli import figures, moments
from papayactl.cli.figures import rounded
from papayactl.cli.table import Column
from papayactl.look import living, selectors
from papayactl.look.clients import Look
from papayad.errors import NOT_RUNNING, USAGE, Fault
from papayad.settings import Settings
from papayad.state.roster import Entry
from papayad.state.tokens import format_time


@dataclass(frozen=True, slots=True)
class Field:
    """A column of clients: its cell, its sort key, and whether it needs a closer look."""

    column: Column
    cell: Callable[[Look], str]
    key: Callable[[Look], Any]
    costly: bool = False


def _number(
    heading: str,
    rank: int,
    key: Callable[[Look], Any],
    shown: Callable[[Any], str],
    costly: bool = False,
) -> Field:
    return Field(Column(heading, True, rank), lambda look: shown(key(look)), key, costly)


FIELDS = {
    "client": Field(
        Column("CLIENT"),
        lambda look: living.label(look.entry),
        lambda look: (look.entry.user, look.entry.peer),
    ),
    "recv": _number("RECV", 0, lambda look: look.entry.recv or None, figures.whole),
    "send": _number("SEND", 0, lambda look: look.entry.send or None, figures.whole),
    "age": _number("AGE", 3, lambda look: look.age, moments.age),
    "state": Field(Column("STATE"), lambda look: look.state, lambda look: look.state, True),
    "cpu": _number("CPU%", 2, lambda look: look.cpu_percent, figures.decimal),
    "time": _number("TIME", 6, lambda look: look.cpu, figures.cpu),
    "pss": _number("PSS", 4, lambda look: look.pss, figures.size, True),
    "in": _number("IN", 7, lambda look: look.bytes_in, figures.size),
    "out": _number("OUT", 8, lambda look: look.bytes_out, figures.size),
    "lag": _number("LAG", 1, lambda look: look.lag, figures.size, True),
    "rtt": _number("RTT", 10, lambda look: look.rtt, figures.millis),
    "session": Field(
        Column("SESSION", rank=11),
        lambda look: look.entry.session or figures.UNKNOWN,
        lambda look: look.entry.session,
    ),
    "token": Field(
        Column("TOKEN", rank=12),
        lambda look: look.entry.token or figures.UNKNOWN,
        lambda look: look.entry.token,
    ),
    "generation": _number("GENERATION", 9, lambda look: look.entry.group, figures.whole),
}
DEFAULT = (
    *("client", "recv", "send", "age", "state", "cpu", "time", "pss"),
    *("in", "out", "lag", "generation"),
)
TEXTS = ("client", "state", "session", "token")


def choose(settings: Settings, texts: Sequence[str], everyone: bool, command: str) -> list[Entry]:
    """The clients that a command acts on. A Fault: 2 if none are named, 3 if none match."""
    if bool(texts) == everyone:
        raise Fault(command, "name clients, or --all", "see papayactl list", code=USAGE)
    entries = living.living(settings)
    meant = entries if everyone else selectors.choose(entries, texts)
    if not meant:
        raise Fault(command, "no such client", "see papayactl list", code=NOT_RUNNING)
    return meant


def parse(text: str | None) -> tuple[str, ...]:
    """The column names in "client,lag"; "+rtt" adds to the usual ones. A Fault (2)."""
    if not text:
        return DEFAULT
    names = tuple(name.strip().lower() for name in text.removeprefix("+").split(","))
    for name in names:
        if name not in FIELDS:
            raise Fault("--columns", f'no column "{name}"', f"use {','.join(FIELDS)}", code=USAGE)
    return DEFAULT + names if text.startswith("+") else names


def sort(looks: Sequence[Look], name: str) -> list[Look]:
    """Sort by a column: texts upwards, numbers downwards, and with a "-" the other way.

    Unknown values come last. A Fault (2).
    """
    bare = name.removeprefix("-").lower()
    if bare not in FIELDS:
        raise Fault("--sort", f'no column "{bare}"', f"use {','.join(FIELDS)}", code=USAGE)
    field = FIELDS[bare]
    known = [look for look in looks if field.key(look) is not None]
    known.sort(key=field.key, reverse=(bare not in TEXTS) != name.startswith("-"))
    return known + [look for look in looks if field.key(look) is None]


def render(look: Look, names: Sequence[str]) -> list[str]:
    return [FIELDS[name].cell(look) for name in names]


def as_dict(look: Look) -> dict[str, Any]:
    """The keys that papayactl(8) documents: bytes, seconds, RFC 3339."""
    entry = look.entry
    return {
        "user": entry.user,
        "peer": entry.peer,
        "session": entry.session or None,
        "recv": entry.recv or None,
        "send": entry.send or None,
        "since": format_time(entry.since),
        "age": round(look.age, 3),
        "state": look.state,
        "cpu_percent": rounded(look.cpu_percent, 3),
        "cpu_seconds": None if look.cpu is None else look.cpu / 1e9,
        "pss": look.pss,
        "bytes_in": look.bytes_in,
        "bytes_out": look.bytes_out,
        "lag": look.lag,
        "rtt": look.rtt,
        "generation": entry.group,
        "token": entry.token or None,
        "presence": entry.presence,
    }
