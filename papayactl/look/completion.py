"""What the shell offers while you type: living clients and users, columns, tokens.

click calls it in a new process for each TAB. There is nobody to tell about an error: a user who may
not see the clients is simply offered none.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from papayactl.cli import salvage
from papayactl.look import living
from papayactl.system import service_user
from papayad import config
from papayad.config import DEFAULT_ROOM
from papayad.errors import Fault
from papayad.settings import ETC, Settings
from papayad.state import tokens


def selectors(context: click.Context, _: click.Parameter, start: str) -> list[str]:
    """Users, clients (user@peer) and pids of the room."""
    found = [client for room in _rooms(context) for client in _clients(room)]
    names = {client["user"] for client in found}
    labels = {f"{client['user']}@{client['peer']}" for client in found}
    pids = {str(client[role]) for client in found for role in ("recv", "send")}
    offered = pids if start.isascii() and start.isdigit() else names
    return _beginning(start, offered | labels if "@" in start else offered)


def users(context: click.Context, _: click.Parameter, start: str) -> list[str]:
    """Users that have a token."""
    return _beginning(start, (token.user for room in _rooms(context) for token in _tokens(room)))


def muted(context: click.Context, _: click.Parameter, start: str) -> list[str]:
    """Users who are muted."""
    return _beginning(start, (user for room in _rooms(context) for user in _muted(room)))


def token_names(context: click.Context, parameter: click.Parameter, start: str) -> list[str]:
    """Users that have a token, and the ids of the tokens."""
    ids = (token.id for room in _rooms(context) for token in _tokens(room))
    return users(context, parameter, start) + (_beginning(start, ids) if start else [])


def sort_columns(_: click.Context, __: click.Parameter, start: str) -> list[str]:
    from papayactl.look import columns

    sign = "-" if start.startswith("-") else ""
    return _beginning(start, (f"{sign}{name}" for name in columns.FIELDS))


def rooms(_: click.Context, __: click.Parameter, start: str) -> list[str]:
    return _beginning(start, (path.stem for path in Path(ETC).glob("*.toml")))


def _beginning(start: str, words: Iterable[str]) -> list[str]:
    return sorted({word for word in words if word.startswith(start)})


def _rooms(context: click.Context) -> list[Settings]:
    """The room that the words so far mean, as a list; empty if it cannot be read."""
    given = context.find_root().params
    room = given.get("room") or DEFAULT_ROOM
    try:
        return [salvage.load(config.find(given.get("option"), room), room)[0]]
    except Fault:
        return []


def _clients(room: Settings) -> list[dict[str, Any]]:
    try:
        return list(service_user.run(room, lambda: list(map(living.named, living.living(room)))))
    except Fault:
        return []


def _muted(room: Settings) -> list[str]:
    try:
        return list(service_user.run(room, lambda: living.muted(room)))
    except Fault:
        return []


def _tokens(room: Settings) -> list[tokens.Token]:
    try:
        return list(tokens.read_tokens(room.tokens).values())
    except Fault:
        return []
