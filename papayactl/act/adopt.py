"""Adopting: what papayaChat's original server kept, its chat log and its key, in this room.

Its log has `name: text` lines without times, so all of it gets the present one; a name is only what
somebody put in front of a line. Its key is one for everybody: here it lets in one user.
"""

import re
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from papayactl.act.writer import writing
from papayactl.state import records, token_file
from papayad.errors import FAILED, USAGE, Fault, denied_or, reason
from papayad.formats import record
from papayad.formats.invite import TOKEN
from papayad.log.appender import Line
from papayad.settings import Settings
from papayad.state import tokens
from papayad.state.tokens import Token

_AT_ONCE = 1000  # records in a transaction
_LINE = re.compile(r"([^:\s]{1,64}): (.*)", re.DOTALL)
_ODD = re.compile(r"[^a-z0-9._-]+")


def read(path: Path) -> bytes:
    """A file of papayaChat's server; a Fault if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Fault(str(path), reason(error), code=denied_or(error, FAILED)) from error


def lines(chat: bytes) -> Iterator[Line]:
    """The records of its log. A line without a name, or with a strange one, becomes a notice."""
    for raw in re.split(rb"[\n\0]+", chat):
        text = record.clean(raw.decode("utf-8", "replace"))
        match = _LINE.match(text)
        name = _ODD.sub("-", match[1].lower()).strip("-._")[:32] if match else ""
        if match and match[2].strip() and record.NAME.match(name):
            yield name, record.NO_ID, match[2]
        elif text.strip():
            yield record.SERVER, record.NO_ID, f"notice {text}"


def write(settings: Settings, chat: bytes, append: bool) -> int:
    """Put them into the log, as the room's user; how many. A Fault if people have talked there."""
    if records.end(settings) and not append:
        why = "the room's log has something already, and what is taken over would come after it"
        raise Fault("import", why, "add --append", code=USAGE)
    count = 0
    with writing(settings) as appender:
        rest = lines(chat)
        while some := list(islice(rest, _AT_ONCE)):
            appender.append(some)
            count += len(some)
    return count


def let_in(settings: Settings, key: bytes, user: str) -> Token:
    """Let its key in as a user; the token. A Fault if it can be none here."""
    token_file.refuse_name(user)
    secret = key.decode("ascii", "replace").strip("\r\n\0 ")
    if not TOKEN.match(secret):
        why = "not 128 lower-case hexadecimal characters"
        raise Fault("the key", why, "papayactl token add makes one that is", code=USAGE)
    token = Token(tokens.digest(secret), user, int(time.time()))
    with token_file.editing(settings.tokens) as known:
        if token.digest in known:
            raise Fault("the key", f"lets in {known[token.digest].user} already")
        known[token.digest] = token
    return token
