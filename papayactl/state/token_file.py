"""Changing the token file: who may come in, with which token, and until when."""

import dataclasses
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from papayactl.state import edit
from papayad.errors import USAGE, Fault
from papayad.formats.record import NAME
from papayad.settings import Settings
from papayad.state import tokens
from papayad.state.tokens import Token

_NUMBERS = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.+(?:0x[0-9a-f]*|[0-9]+))*\.*\Z")


@contextmanager
def editing(path: Path) -> Iterator[dict[str, Token]]:
    """The tokens by digest, to change in the block; written when it ends without an error.

    Raises a Fault (77, 78); then the file is as it was.
    """
    tokens.read_tokens(path)  # to find a mistake before the lock is taken
    with edit.alone(path) as real:
        known = tokens.read_tokens(real)
        yield known
        tokens.write_tokens(real, known)


def add(path: Path, user: str, expires: float = 0) -> tuple[Token, str]:
    """Make a token for a user; return its entry in the file, and the token itself."""
    refuse_name(user)
    secret = tokens.new_token()
    token = Token(tokens.digest(secret), user, int(time.time()), int(expires))
    with editing(path) as known:
        known[token.digest] = token
    return token, secret


def replace(path: Path, old: Token, expires: float, until: float | None) -> tuple[Token, str]:
    """Make a new token for the user of an old one, which is removed or ends at `until`."""
    secret = tokens.new_token()
    token = Token(tokens.digest(secret), old.user, int(time.time()), int(expires))
    with editing(path) as known:
        if until is None:
            known.pop(old.digest, None)
        else:
            ends = min(int(until), old.expires) if old.expires else int(until)
            known[old.digest] = Token(old.digest, old.user, old.created, ends)
        known[token.digest] = token
    return token, secret


def rename(path: Path, old: str, new: str) -> list[Token]:
    """Let the tokens of a user name another, who has none yet; return them as they are now."""
    with editing(path) as known:
        _refuse_rename(known, old, new)
        found = [token for token in known.values() if token.user == old]
        renamed = [dataclasses.replace(token, user=new) for token in found]
        known |= {token.digest: token for token in renamed}
    return renamed


def refuse_rename(path: Path, old: str, new: str) -> None:
    """Raise the Fault (1, 2) that `rename` would raise."""
    _refuse_rename(tokens.read_tokens(path), old, new)


def refuse_name(user: str) -> None:
    """Raise a Fault (2) if no new user can be called so.

    Users who are called so since earlier stay: ban and kill take user:NAME.
    """
    if not NAME.match(user):
        remedy = "a-z 0-9 . _ -, at most 32, and the first a letter or a digit"
        raise Fault(f'user "{user}"', "no user name", remedy, code=USAGE)
    if _NUMBERS.match(user):
        why = "could be an address or a pid in ban and kill"
        raise Fault(f'user "{user}"', why, "use a name with a letter", code=USAGE)


def refuse_stranger(settings: Settings, user: str) -> None:
    """Raise a Fault (1) if the user has no token: probably the name is mistyped."""
    _refuse_stranger(tokens.read_tokens(settings.tokens), user)


def _refuse_rename(known: dict[str, Token], old: str, new: str) -> None:
    refuse_name(new)
    _refuse_stranger(known, old)
    if any(token.user == new for token in known.values()):
        raise Fault(f'user "{new}"', "is there already", "choose another name")


def _refuse_stranger(known: dict[str, Token], user: str) -> None:
    if all(token.user != user for token in known.values()):
        raise Fault(f'user "{user}"', "has no token", "see papayactl token list")


def one_of(path: Path, name: str) -> Token:
    """The only token of a user, or the one with this id; a Fault if that is not clear."""
    found = named(tokens.read_tokens(path), name)
    if len(found) > 1:
        ids = " ".join(token.id for token in found)
        raise Fault(f'token "{name}"', f"{len(found)} of them", f"name one: {ids}", code=USAGE)
    return found[0]


def remove(path: Path, name: str) -> list[Token]:
    """Remove the tokens of a user, or the one with this id; a Fault if there are none."""
    with editing(path) as known:
        found = named(known, name)
        for token in found:
            del known[token.digest]
    return found


def named(known: dict[str, Token], name: str) -> list[Token]:
    """The tokens of a user, or those with this id; a Fault if there are none."""
    found = [token for token in known.values() if token.user == name]
    found = found or [token for token in known.values() if token.id == name]
    if not found:
        raise Fault(f'token "{name}"', "no user and no id like this", "see papayactl token list")
    return found
