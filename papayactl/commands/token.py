"""`papayactl token`: who may come in: add, list, revoke."""

from collections import Counter
from typing import Any

import click

from papayactl import clusters, ending, invites, moments, rooms, tokenfile
from papayactl.ending import Outcome
from papayactl.invocation import Invocation, pass_invocation
from papayad import invite, tokens
from papayad.config import Config
from papayad.errors import FAILED, Fault
from papayad.tokens import Token, format_time

_EXPIRES = "After 30d, 12h, ... or at 2026-12-31. Default: never."


@click.group("token")
def command() -> None:
    """Who may come in: each token lets one user in, until it expires or is revoked."""


@command.command("add", short_help="Make a token and print its invite, once.")
@click.argument("name")
@click.option("--expires", callback=moments.as_moment, metavar="WHEN", help=_EXPIRES)
@click.option("--host", metavar="HOST", help="What the user's client calls this machine.")
@click.option("--pin/--no-pin", default=None, help="Pin the certificate. Default: if self-signed.")
@pass_invocation
def add(
    invocation: Invocation, name: str, expires: float | None, host: str | None, pin: bool | None
) -> None:
    """Make a token for NAME and print the invite. It is shown this once: no file gives it back."""
    config = invocation.config
    invites.make(config, name, "", host, pin)  # whatever is wrong with it, before a token is made
    token, secret = tokenfile.add(config.tokens, name, expires or 0)
    line = invite.render(invites.make(config, name, secret, host, pin))
    value = _as_dict(token) | {"room": config.room, "invite": line}
    invocation.show(value, [line])


@command.command("list", short_help="The tokens, and what each holds open.")
@pass_invocation
def list_tokens(invocation: Invocation) -> None:
    """The tokens of the room: whose, since when, until when, and how many sessions each has now."""
    config = invocation.config
    known = sorted(tokens.read_tokens(config.tokens).values(), key=lambda one: one.user)
    open_now = _sessions(config)
    values = [_as_dict(one) | {"sessions": _count(open_now, one)} for one in known]
    columns = ("ID", "USER", "CREATED", "EXPIRES", "SESSIONS")
    rows = [
        (
            value["id"],
            value["user"],
            value["created"],
            value["expires"] or "never",
            "-" if value["sessions"] is None else str(value["sessions"]),
        )
        for value in values
    ]
    invocation.show_table(values, columns, rows)


@command.command("revoke", short_help="Remove tokens and end their sessions.")
@click.argument("name", metavar="NAME|ID")
@pass_invocation
def revoke(invocation: Invocation, name: str) -> None:
    """Remove the tokens of a user, or the one with an ID, and end their sessions at once.

    Every room that uses the same token file is reached.
    """
    config = invocation.config
    removed = tokenfile.remove(config.tokens, name)
    ids = {token.id for token in removed}
    outcomes = [
        outcome
        for room in rooms.sharing_tokens(config)
        for outcome in ending.end_shut_out(room, lambda entry: entry.token in ids)
    ]
    value = {
        "revoked": [_as_dict(token) for token in removed],
        "sessions": [outcome.as_dict() for outcome in outcomes],
    }
    lines = [f"revoked {token.id} of {token.user}" for token in removed]
    lines += [outcome.sentence() for outcome in outcomes] or ["it held no session open"]
    invocation.show(value, lines)
    _refuse_survivors(outcomes)


def _refuse_survivors(outcomes: list[Outcome]) -> None:
    alive = [clusters.label(one.entry) for one in outcomes if not one.ended]
    if alive:
        why = f"{', '.join(alive)} did not end"
        raise Fault("token revoke", why, "try papayactl kill", code=FAILED)


def _sessions(config: Config) -> Counter[str] | None:
    """How many clusters each token id has; None for who may not see them."""
    try:
        return Counter(entry.token for entry in clusters.living(config))
    except Fault:
        return None


def _count(open_now: Counter[str] | None, token: Token) -> int | None:
    return None if open_now is None else open_now[token.id]


def _as_dict(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "user": token.user,
        "created": format_time(token.created),
        "expires": format_time(token.expires) if token.expires else None,
    }
