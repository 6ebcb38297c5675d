"""What the acceptor checks hellos against, re-read when it changes (design sections 3 and 6).

The files of tokens and bans are looked at (one stat each) at each hello, so that a new token works
and a revoked one fails at once, with no signal. A broken file keeps what was before and says so,
once.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from papayad.errors import Fault
from papayad.state import bans, tokens
from papayad.state.bans import Ban, Bans
from papayad.state.tokens import Token
from papayad.system.journal import Journal

T = TypeVar("T")


class Watched(Generic[T]):
    """What `read` makes of a file. Raises a Fault only when it is made."""

    def __init__(self, path: Path, read: Callable[[Path], T], journal: Journal) -> None:
        self._path = path
        self._read = read
        self._journal = journal
        self.fault = ""  # why it is not what the file says
        self._seen = self._signature()
        self._value = read(path)

    def now(self) -> T:
        """Read the file again when it is another one than last time."""
        signature = self._signature()
        if signature != self._seen:
            self._seen = signature
            try:
                self._value, self.fault = self._read(self._path), ""
            except Fault as fault:
                self.fault = str(fault)
                self._journal.error(f"{fault}; what it said before stays in force")
        return self._value

    def _signature(self) -> tuple[int, ...]:
        """The change time, and not the modification's: a right that was given is a change, too."""
        try:
            status = os.stat(self._path)
        except OSError:
            return ()
        return status.st_dev, status.st_ino, status.st_ctime_ns, status.st_size


class Credentials:
    """Tokens and bans. Raises a Fault only when it is made."""

    def __init__(self, token_file: Path, ban_file: Path, journal: Journal) -> None:
        self._tokens = Watched(token_file, tokens.read_tokens, journal)
        self._bans = Watched(ban_file, lambda path: Bans(bans.read_bans(path)), journal)

    def known(self, token: str) -> Token | None:
        """The token's entry, which may have expired; None when there is none."""
        return self._tokens.now().get(tokens.digest(token))

    def ban_of_host(self, host: str, now: float) -> Ban | None:
        return self._bans.now().of_host(host, now)

    def ban_of_user(self, user: str, now: float) -> Ban | None:
        return self._bans.now().of_user(user, now)

    def refresh(self) -> list[str]:
        """Look at the files now; what keeps one of them from being in force."""
        self._tokens.now()
        self._bans.now()
        return [fault for fault in (self._tokens.fault, self._bans.fault) if fault]
