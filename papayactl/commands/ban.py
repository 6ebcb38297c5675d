"""`papayactl ban`: keep users, addresses and networks out, and end their clients."""

import ipaddress
import time
from typing import Any

import click

from papayactl.act import end
from papayactl.act.end import Outcome
from papayactl.cli import moments
from papayactl.cli.audit import audited_if
from papayactl.cli.invocation import Invocation, pass_invocation
from papayactl.look import living, selectors
from papayactl.state import ban_file, siblings
from papayad.errors import FAILED, USAGE, Fault
from papayad.settings import Settings
from papayad.state import bans
from papayad.state.bans import Ban, Network
from papayad.state.roster import Entry
from papayad.state.tokens import format_time

_EXPIRES = "After 30d, 12h, ... or at 2026-12-31. Default: never."


@click.command("ban")
@click.argument("texts", metavar="[USER|ADDRESS|NETWORK]...", nargs=-1)
@click.option("--expires", callback=moments.as_moment, metavar="WHEN", help=_EXPIRES)
@click.option("--reason", metavar="WORDS", default="", help="For the admins: kept with the ban.")
@audited_if("texts")
@pass_invocation
def command(
    invocation: Invocation, texts: tuple[str, ...], expires: float | None, reason: str
) -> None:
    """Keep them out of this room, and of every room with the same tokens; end their clients.

    What could be a user and an address is an address; say user:NAME or address:ADDRESS to be clear.
    Without an argument: list who is banned, since when, until when, and why.
    """
    settings = invocation.settings
    if not texts:
        _list(invocation, bans.read_bans(settings.bans))
        return
    if not reason.isprintable():
        raise Fault("--reason", "has characters that are not seen", "use one line", code=USAGE)
    now = int(time.time())
    made = [Ban(ban_file.subject(text), now, int(expires or 0), reason.strip()) for text in texts]
    with ban_file.editing(settings) as known:
        known |= {ban.subject: ban for ban in made}
    why = f"banned {reason.strip()}".strip()
    outcomes = [
        outcome for room in siblings.sharing_tokens(settings) for outcome in _end(room, made, why)
    ]
    value = {
        "banned": [_as_dict(ban) for ban in made],
        "sessions": [outcome.as_dict() for outcome in outcomes],
    }
    lines = [f"banned {ban.subject}" for ban in made] + [one.sentence() for one in outcomes]
    invocation.show(value, lines)
    alive = [living.label(one.entry) for one in outcomes if not one.ended]
    if alive:
        raise Fault("ban", f"{', '.join(alive)} did not end", "try papayactl kill", code=FAILED)


def _end(room: Settings, made: list[Ban], why: str) -> list[Outcome]:
    users = {ban.user for ban in made}
    networks = [ban.network for ban in made if ban.network is not None]
    return end.end_shut_out(room, lambda entry: entry.user in users or _is_in(entry, networks), why)


def _is_in(entry: Entry, networks: list[Network]) -> bool:
    address = ipaddress.ip_address(selectors.address(entry.peer))
    return any(address in network for network in networks)


def _list(invocation: Invocation, known: list[Ban]) -> None:
    values = [_as_dict(ban) for ban in known]
    columns = ("SUBJECT", "SINCE", "UNTIL", "REASON")
    rows = [
        (value["subject"], value["created"], value["expires"] or "-", value["reason"] or "-")
        for value in values
    ]
    invocation.show_table(values, columns, rows)


def _as_dict(ban: Ban) -> dict[str, Any]:
    return {
        "subject": ban.subject,
        "created": format_time(ban.created),
        "expires": format_time(ban.expires) if ban.expires else None,
        "reason": ban.reason or None,
    }
