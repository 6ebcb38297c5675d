"""Selectors: which clients a command means, the same everywhere.

    alice  al*              a user, or a pattern of users
    alice@203.0.113.7       a user at an address (or network, or address:port)
    203.0.113.7  2001:db8::/32  203.0.113.7:51234
    4711                    either pid of a cluster
    user:10.0.0.1           a user, even if the name could be an address or a pid
    address:10.0.0.1        an address, and nothing else

`list SELECTOR` shows exactly the clients that `kill SELECTOR` would end: both use this module.
"""

import ipaddress
import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from papayad.errors import USAGE, Fault
from papayad.state.bans import ADDRESS, USER
from papayad.state.roster import Entry

Selector = Callable[[Entry], bool]

_PATTERN = re.compile(r"[a-z0-9._*?\[\]!-]+\Z")
_PEER = re.compile(
    r"\[(?P<six>[^\]]+)\](?::(?P<six_port>[0-9]+))?\Z|(?P<four>[0-9.]+):(?P<port>[0-9]+)\Z"
)


def choose(entries: Sequence[Entry], texts: Sequence[str]) -> list[Entry]:
    """The entries that any of the selectors means, in their order. A Fault (2)."""
    selectors = [parse(text) for text in texts]
    return [entry for entry in entries if any(selector(entry) for selector in selectors)]


def parse(text: str) -> Selector:
    """A function that says whether an entry is meant. A Fault (2) if the text is no selector."""
    if text.isascii() and text.isdigit():
        pid = int(text)
        return lambda entry: pid in (entry.recv, entry.send)
    user, at, place = text.rpartition("@")
    if not at:
        return _place(text) or _user(text, text)
    at_place = _place(place)
    if at_place is None:
        raise _wrong(text, f'"{place}" is no address')
    of_user = _user(user, text)
    return lambda entry: of_user(entry) and at_place(entry)


def address(peer: str) -> str:
    """The address of "203.0.113.7:51234" or "[2001:db8::1]:51234"."""
    return peer.rpartition(":")[0].strip("[]")


def has_address(entry: Entry) -> bool:
    """Whether the client's peer is one: an entry is what somebody wrote."""
    try:
        ipaddress.ip_address(address(entry.peer))
    except ValueError:
        return False
    return True


def _user(pattern: str, text: str) -> Selector:
    pattern = pattern.removeprefix(USER)
    if not _PATTERN.match(pattern):
        raise _wrong(text, "neither a user nor an address nor a pid")
    return lambda entry: fnmatchcase(entry.user, pattern)


def _place(text: str) -> Selector | None:
    """An address, a network or an address with its port; None when it is none of these."""
    text = text.removeprefix(ADDRESS)
    match = _PEER.match(text)
    host = match["six"] or match["four"] if match else text
    port = match["six_port"] or match["port"] if match else None
    try:
        network = ipaddress.ip_network(host, strict=False)
    except ValueError:
        return None
    return lambda entry: (
        ipaddress.ip_address(address(entry.peer)) in network
        and (port is None or entry.peer.endswith(f":{port}"))
    )


def _wrong(text: str, why: str) -> Fault:
    remedy = "use alice, al*, alice@203.0.113.7, 203.0.113.0/24, user:NAME or a pid"
    return Fault(f'selector "{text}"', why, remedy, code=USAGE)
