"""Invites: papaya://NAME:TOKEN@HOST:PORT/ROOM#PIN,PIN (design section 3).

A leaf: papayactl prints an invite once, papayachat saves it as a profile. An invite holds a token,
so it never goes into a log, a title or an exception.
"""

import re
from dataclasses import dataclass, field

from papayad.errors import CONFIGURATION, Fault
from papayad.formats.pin import PIN
from papayad.formats.record import NAME

TOKEN = re.compile(r"[0-9a-f]{128}\Z")

_INVITE = re.compile(
    r"papaya://(?P<name>[^:@/#]+):(?P<token>[^:@/#]+)@"
    r"(?P<host>\[[0-9A-Fa-f:.]+(?:%[0-9A-Za-z._-]+)?\]|[^:@/#\s\[\]]+):(?P<port>\d{1,5})"
    r"/(?P<room>[^/#?\s]+)(?:#(?P<pins>[0-9A-Za-z:,]+))?\Z"
)


@dataclass(frozen=True, slots=True)
class Invite:
    """All that a person needs. `pins` are as in papayad/formats/pin.py; without a pin the
    certificate has to be one of an authority."""

    name: str
    token: str = field(repr=False)
    host: str
    port: int
    room: str
    pins: tuple[str, ...] = ()


def render(invite: Invite) -> str:
    host = f"[{invite.host}]" if ":" in invite.host else invite.host
    pins = f"#{','.join(invite.pins)}" if invite.pins else ""
    return f"papaya://{invite.name}:{invite.token}@{host}:{invite.port}/{invite.room}{pins}"


def parse(text: str) -> Invite:
    """The invite in `text`; a Fault (78) says which part is wrong, without repeating the token."""
    match = _INVITE.match(text.strip())
    if match is None:
        raise _wrong("not of the form papaya://NAME:TOKEN@HOST:PORT/ROOM#PIN")
    if not NAME.match(match["name"]) or not NAME.match(match["room"]):
        raise _wrong("its user or room name has characters that names never have")
    if not TOKEN.match(match["token"]):
        raise _wrong("its token is not 128 lower-case hexadecimal characters")
    port = int(match["port"])
    if not 0 < port < 65536:
        raise _wrong(f"port {port} does not exist")
    host = match["host"].strip("[]")
    pins = tuple(match["pins"].lower().split(",")) if match["pins"] else ()
    if not all(map(PIN.match, pins)):
        raise _wrong("its pin is not spki: or sha256: and 64 hexadecimal characters")
    return Invite(match["name"], match["token"], host, port, match["room"], pins)


def _wrong(why: str) -> Fault:
    return Fault("invite", why, "copy the whole line that was printed", code=CONFIGURATION)
