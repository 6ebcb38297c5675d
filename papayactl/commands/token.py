"""`papayactl token`: who may come in: add, list, rotate, rename, revoke."""

import time
from contextlib import suppress
from typing import Any

import click

from papayactl.act import end
from papayactl.act.end import Outcome
from papayactl.cli import figures, moments, output
from papayactl.cli.audit import audited
from papayactl.cli.figures import UNKNOWN
from papayactl.cli.invocation import Helping, Invocation, pass_invocation, table_options
from papayactl.cli.table import Column
from papayactl.look import completion, living
from papayactl.setup import invites
from papayactl.state import ban_file, siblings, token_file, user_marks
from papayactl.system import service_user
from papayad.errors import FAILED, Fault
from papayad.formats import invite
from papayad.settings import Settings
from papayad.state import marks, tokens
from papayad.state.tokens import Token, format_time

_EXPIRES = "After 30d, 12h, ... or at 2026-12-31. Default: never."
_COLUMNS = (
    Column("ID"),
    Column("USER"),
    Column("CREATED", rank=2),
    Column("EXPIRES", rank=1),
    Column("LAST USED"),
    Column("SESSIONS", True),
)


_host = click.option("--host", metavar="HOST", help="What the user's client calls this machine.")
_pin = click.option(
    "--pin/--no-pin", default=None, help="Pin the certificate. Default: if self-signed."
)


@click.group("token", cls=Helping)
def command() -> None:
    """Who may come in: each token lets one user in, until it expires or is revoked."""


@command.command("add", short_help="Make a token and print its invite, once.")
@click.argument("name")
@click.option("--expires", callback=moments.as_moment, metavar="WHEN", help=_EXPIRES)
@_host
@_pin
@audited
@pass_invocation
def add(
    invocation: Invocation, name: str, expires: float | None, host: str | None, pin: bool | None
) -> None:
    """Make a token for NAME and print the invite. It is shown only once: no file has it."""
    settings = invocation.settings
    invites.make(settings, name, "", host, pin)  # to find a mistake before a token is made
    token, secret = token_file.add(settings.tokens, name, expires or 0)
    line = invite.render(invites.make(settings, name, secret, host, pin))
    value = _as_dict(token) | {"room": settings.room, "invite": line}
    invocation.show(value, [line])


@command.command("list", short_help="The tokens, and what each holds open.")
@table_options
@pass_invocation
def list_tokens(invocation: Invocation) -> None:
    """List the tokens: whose, until when, when each was last used, which sessions it holds open.

    If rooms share a token file, sessions and last use are those of this room.
    """
    settings = invocation.settings
    known = sorted(tokens.read_tokens(settings.tokens).values(), key=lambda one: one.user)
    ids = [one.id for one in known]
    uses = service_user.run(settings, lambda: _uses(settings, ids))
    values = [_as_dict(one) | uses[one.id] for one in known]
    rows = [
        (
            value["id"],
            value["user"],
            value["created"],
            _until(value["expires"], time.time()),
            value["last_used"] or ("never" if value["clients"] is not None else UNKNOWN),
            figures.whole(value["sessions"]),
        )
        for value in values
    ]
    invocation.show_table(values, _COLUMNS, rows)


@command.command("rotate", short_help="A new token for an old one.")
@click.argument("name", metavar="NAME|ID", shell_complete=completion.token_names)
@click.option("--expires", callback=moments.as_moment, metavar="WHEN", help=_EXPIRES)
@click.option(
    "--grace", callback=moments.as_duration, metavar="TIME", help="Let the old one in so long."
)
@_host
@_pin
@audited
@pass_invocation
def rotate(
    invocation: Invocation,
    name: str,
    expires: float | None,
    grace: float | None,
    host: str | None,
    pin: bool | None,
) -> None:
    """Make a new token for the same user and print its invite, once.

    The old token, and its sessions, end at once, unless --grace gives the user time to change.
    """
    settings = invocation.settings
    old = token_file.one_of(settings.tokens, name)
    invites.make(settings, old.user, "", host, pin)
    until = time.time() + grace if grace else None
    token, secret = token_file.replace(settings.tokens, old, expires or 0, until)
    outcomes = [] if grace else _end_sessions(settings, [old])
    line = invite.render(invites.make(settings, old.user, secret, host, pin))
    value = _as_dict(token) | {
        "room": settings.room,
        "invite": line,
        "replaces": old.id,
        "replaced_until": moments.rfc3339(until),
        "sessions": [outcome.as_dict() for outcome in outcomes],
    }
    invocation.show(value, [line])
    for outcome in outcomes:
        output.say(outcome.sentence(), err=True)
    _refuse_survivors("token rotate", outcomes)


@command.command("revoke", short_help="Remove tokens and end their sessions.")
@click.argument("name", metavar="NAME|ID", shell_complete=completion.token_names)
@audited
@pass_invocation
def revoke(invocation: Invocation, name: str) -> None:
    """Remove the tokens of a user, or the one with an ID, and end their sessions at once.

    This holds for every room that uses the same token file.
    """
    settings = invocation.settings
    removed = token_file.remove(settings.tokens, name)
    outcomes = _end_sessions(settings, removed)
    value = {
        "revoked": [_as_dict(token) for token in removed],
        "sessions": [outcome.as_dict() for outcome in outcomes],
    }
    lines = [f"revoked {token.id} of {token.user}" for token in removed]
    lines += [outcome.sentence() for outcome in outcomes] or ["it held no session open"]
    invocation.show(value, lines)
    _refuse_survivors("token revoke", outcomes)


@command.command("rename", short_help="Call a user by another name.")
@click.argument("old", shell_complete=completion.users)
@click.argument("new")
@audited
@pass_invocation
def rename(invocation: Invocation, old: str, new: str) -> None:
    """Call the user OLD from now on NEW: the tokens stay; a ban, a mute and a freeze hold for both.

    The sessions end with a bye, and the clients come back under the new name. What is in the log
    keeps the old one. This holds for every room that uses the same token file.
    """
    settings = invocation.settings
    token_file.refuse_rename(settings.tokens, old, new)  # before anything is changed
    rooms = siblings.sharing_tokens(settings)
    ban_file.rename(settings, old, new)  # first what keeps out: no gap in which NEW comes in
    for room in rooms:
        user_marks.rename(room, old, new)
    renamed = token_file.rename(settings.tokens, old, new)
    why = f"killed you are called {new} from now on {invocation.reason}"
    outcomes = [
        outcome
        for room in rooms
        for outcome in end.end_shut_out(room, lambda entry: entry.user == old, why)
    ]
    value = {
        "renamed": [_as_dict(token) for token in renamed],
        "sessions": [outcome.as_dict() for outcome in outcomes],
    }
    lines = [f"{token.id} of {old} is of {new} now" for token in renamed]
    invocation.show(value, lines + [outcome.sentence() for outcome in outcomes])
    _refuse_survivors("token rename", outcomes)


def _end_sessions(settings: Settings, gone: list[Token]) -> list[Outcome]:
    """End their sessions in every room that uses the file, and remove the marks of their use."""
    ids = {token.id for token in gone}
    found = []
    for room in siblings.sharing_tokens(settings):
        found += end.end_shut_out(room, lambda entry: entry.token in ids, "revoked")
        _forget(room, ids)
    return found


def _forget(room: Settings, ids: set[str]) -> None:
    def remove() -> None:
        for id in ids:
            with suppress(OSError):
                (marks.seen(room.state_dir) / id).unlink()

    service_user.run(room, remove)


def _refuse_survivors(command: str, outcomes: list[Outcome]) -> None:
    alive = [living.label(one.entry) for one in outcomes if not one.ended]
    if alive:
        why = f"{', '.join(alive)} did not end"
        raise Fault(command, why, "try papayactl kill", code=FAILED)


def _uses(settings: Settings, ids: list[str]) -> dict[str, dict[str, Any]]:
    """In the room: what became of each token."""
    held = _held(settings)
    return {id: _use(settings, id, held) for id in ids}


def _held(settings: Settings) -> dict[str, list[str]] | None:
    """The clients of each token id; None if we may not see them."""
    try:
        held: dict[str, list[str]] = {}
        for entry in living.living(settings):
            held.setdefault(entry.token, []).append(living.label(entry))
        return held
    except Fault:
        return None


def _use(settings: Settings, id: str, held: dict[str, list[str]] | None) -> dict[str, Any]:
    """When it was last used, by the acceptor's mark, and which clients it holds open."""
    try:
        used: float | None = (marks.seen(settings.state_dir) / id).lstat().st_mtime
    except OSError:
        used = None
    clients = None if held is None else held.get(id, [])
    return {
        "last_used": moments.rfc3339(used),
        "sessions": None if clients is None else len(clients),
        "clients": clients,
    }


def _until(expires: str | None, now: float) -> str:
    if expires is None:
        return "never"
    return f"{expires} (over)" if expires <= format_time(now) else expires


def _as_dict(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "user": token.user,
        "created": format_time(token.created),
        "expires": format_time(token.expires) if token.expires else None,
    }
