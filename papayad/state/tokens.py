"""The token file: SHA-256 of each token, and the user it names (design section 3).

A leaf: the acceptor reads the file, papayactl writes it. Nobody can get a token back from it, so a
token is shown only once, when it is made. A line is

    SHA256 USER created=TIME [expires=TIME]

with times in RFC 3339 (UTC, seconds); empty lines and lines that start with # are skipped.
"""

import hashlib
import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from papayad.errors import CONFIGURATION, Fault, denied_or, reason
from papayad.formats.record import NAME
from papayad.state import entries
from papayad.system.files import write_whole

MODE = 0o640  # root and the service's group; the service only reads it
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_TIME_FORM = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z\Z")
_HEADER = (
    b"# papaya tokens: SHA256 USER created=TIME [expires=TIME]. Change with papayactl token.\n"
)


@dataclass(frozen=True, slots=True)
class Token:
    """What the file knows of a token: times in seconds since the epoch, `expires` 0 for never."""

    digest: str
    user: str
    created: int
    expires: int = 0

    @property
    def id(self) -> str:
        """The first 8 characters of the digest: enough to name a token, useless to forge one."""
        return self.digest[:8]

    def valid_at(self, now: float) -> bool:
        return not self.expires or now < self.expires


def new_token() -> str:
    """512 random bits as 128 hexadecimal characters."""
    return os.urandom(64).hex()


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def read_tokens(path: Path) -> dict[str, Token]:
    """Every token of the file by digest; a Fault (77, 78) names the file and the line."""
    try:
        known = entries.read(path, _parse, "token", "SHA256 USER created=TIME [expires=TIME]")
    except OSError as error:
        remedy = "run papayactl init, or give the service's group the right to read it"
        raise Fault(
            str(path), reason(error), remedy, code=denied_or(error, CONFIGURATION)
        ) from error
    return {token.digest: token for token in known}


def write_tokens(path: Path, tokens: dict[str, Token]) -> None:
    """Replace the file, keeping its owner and mode; raises OSError."""
    lines = [_render(token).encode() for token in tokens.values()]
    write_whole(path, _HEADER + b"".join(lines), MODE)


def format_time(seconds: float) -> str:
    """Seconds since the epoch in RFC 3339, UTC, whole seconds."""
    return time.strftime(_TIME, time.gmtime(seconds))


def parse_time(text: str) -> int:
    """The seconds of what format_time rendered; raises ValueError.

    Without time.strptime, which imports a module: after an upgrade that is of another Python.
    """
    match = _TIME_FORM.match(text)
    if match is None:
        raise ValueError(f"{text} is no time")
    year, month, day, hour, minute, second = map(int, match.groups())
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())


def _render(token: Token) -> str:
    expires = f" expires={format_time(token.expires)}" if token.expires else ""
    return f"{token.digest} {token.user} created={format_time(token.created)}{expires}\n"


def _parse(line: str) -> Token | None:
    words = line.split()
    if len(words) < 3 or len(words[0]) != 64 or not NAME.match(words[1]):
        return None
    times: dict[str, int] = {"expires": 0}
    try:
        int(words[0], 16)
        for word in words[2:]:
            key, _, value = word.partition("=")
            times[key] = parse_time(value)
        return Token(words[0].lower(), words[1], **times)
    except (ValueError, TypeError):
        return None
