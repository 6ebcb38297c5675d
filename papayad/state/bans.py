"""Bans: users, addresses and networks that are kept out, with reason and expiry (design section 8).

A leaf: papayactl writes the file, which is beside the tokens; the acceptor reads it. A line is

    SUBJECT created=TIME [expires=TIME] [reason=WORDS]

with times as in the token file, and the reason last, since it may have spaces. A SUBJECT
is a user, an address or a network; a user whose name could be an address is written as user:NAME.
"""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from papayad.errors import CONFIGURATION, Fault, denied_or, reason
from papayad.formats.record import NAME
from papayad.state import entries
from papayad.state.tokens import format_time, parse_time
from papayad.system.files import write_whole

USER, ADDRESS = "user:", "address:"  # before a subject, to say which of the two it is

_HEADER = b"# papaya bans: SUBJECT created=TIME [expires=TIME] [reason=WORDS]. See papayactl ban.\n"
_LINE = re.compile(
    r"(?P<subject>\S+) created=(?P<created>\S+)(?: expires=(?P<expires>\S+))?"
    r"(?: reason=(?P<reason>.*))?\Z"
)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Ban:
    """`subject` is as `subject_of` returns it; times in seconds, `expires` 0 for never."""

    subject: str
    created: int
    expires: int = 0
    reason: str = ""

    @property
    def network(self) -> Network | None:
        return network_of(self.subject)

    @property
    def user(self) -> str | None:
        return self.subject.removeprefix(USER) if self.network is None else None

    def holds_at(self, now: float) -> bool:
        return not self.expires or now < self.expires


class Bans:
    """The bans of a file, to look up by user and by address."""

    def __init__(self, known: list[Ban]) -> None:
        self._users = {ban.user: ban for ban in known if ban.user is not None}
        self._networks = [(ban.network, ban) for ban in known if ban.network is not None]

    def of_user(self, user: str, now: float) -> Ban | None:
        ban = self._users.get(user)
        return ban if ban and ban.holds_at(now) else None

    def of_host(self, host: str, now: float) -> Ban | None:
        if not self._networks:
            return None
        address = ipaddress.ip_address(host)
        holding = (ban for network, ban in self._networks if address in network)
        return next((ban for ban in holding if ban.holds_at(now)), None)


def network_of(text: str) -> Network | None:
    """The network that a text names, or its single address; None when it names neither."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def subject_of(text: str) -> str | None:
    """A user's name as it is, a network in its usual form; None when the text is neither.

    A text that could be both is an address, unless "user:" is before it.
    """
    name = text.removeprefix(USER)
    if name != text:
        found = subject_of(name) if network_of(name) is None else text
        return found if NAME.match(name) else None
    network = network_of(text.removeprefix(ADDRESS))
    if network is not None:
        one = network.num_addresses == 1
        return str(network.network_address) if one else str(network)
    return text if NAME.match(text) else None


def read_bans(path: Path) -> list[Ban]:
    """Every ban of the file, none when there is no file; a Fault (77, 78) names the line."""
    try:
        return entries.read(
            path, _parse, "ban", "SUBJECT created=TIME [expires=TIME] [reason=WORDS]"
        )
    except FileNotFoundError:
        return []
    except OSError as error:
        remedy = "give the service's group the right to read it"
        raise Fault(
            str(path), reason(error), remedy, code=denied_or(error, CONFIGURATION)
        ) from error


def write_bans(path: Path, known: list[Ban]) -> None:
    """Replace the file, keeping its owner and mode; raises OSError."""
    write_whole(path, _HEADER + b"".join(_render(ban).encode() for ban in known))


def _render(ban: Ban) -> str:
    expires = f" expires={format_time(ban.expires)}" if ban.expires else ""
    words = f" reason={ban.reason}" if ban.reason else ""
    return f"{ban.subject} created={format_time(ban.created)}{expires}{words}\n"


def _parse(line: str) -> Ban | None:
    match = _LINE.match(line)
    if match is None or subject_of(match["subject"]) != match["subject"]:
        return None
    try:
        expires = parse_time(match["expires"]) if match["expires"] else 0
        return Ban(match["subject"], parse_time(match["created"]), expires, match["reason"] or "")
    except ValueError:
        return None
