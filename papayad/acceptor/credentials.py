"""Tokens and bans, by which the acceptor judges hellos (design sections 3 and 6).

At each hello the acceptor looks at both files (one stat each), so that a new token works at once
and a revoked one fails at once, without a signal. If a file is broken, what it said before stays in
force, and that is logged once.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from papayad.errors import TRY_AGAIN, Fault
from papayad.state import bans, tokens
from papayad.state.bans import Ban, Bans
from papayad.state.token_table import TokenTable
from papayad.state.tokens import Token
from papayad.system.journal import Journal

T = TypeVar("T")


class Watched(Generic[T]):
    """A file's content, as `read` returns it. Only the constructor raises a Fault."""

    def __init__(self, path: Path, read: Callable[[Path], T], journal: Journal) -> None:
        self._path = path
        self._read = read
        self._journal = journal
        self.fault = ""  # why the value is not what the file says now
        self.behind = False  # whether that may pass by itself: the machine could not read it
        self._seen = self._signature()
        self._value = read(path)

    def now(self) -> T:
        """The value; the file is read again if it has changed."""
        signature = self._signature()
        if signature != self._seen:
            self._seen = signature
            try:
                self._value, self.fault, self.behind = self._read(self._path), "", False
            except Fault as fault:
                self.fault = str(fault)
                self.behind = fault.code == TRY_AGAIN
                if self.behind:
                    self._seen = ()
                self._journal.error(f"{fault}; what it said before stays in force")
        return self._value

    def _signature(self) -> tuple[int, ...]:
        """With ctime and not mtime: a changed permission is a change, too."""
        try:
            status = os.stat(self._path)
        except OSError:
            return ()
        return status.st_dev, status.st_ino, status.st_ctime_ns, status.st_size


class Credentials:
    """Tokens and bans. Only the constructor raises a Fault."""

    def __init__(self, token_file: Path, ban_file: Path, journal: Journal) -> None:
        self._tokens = Watched(token_file, TokenTable, journal)
        self._bans = Watched(ban_file, lambda path: Bans(bans.read_bans(path)), journal)

    def known(self, token: str) -> Token | None:
        """The entry of a token, which may have expired; None when there is none."""
        return self._tokens.now().get(tokens.digest(token))

    @property
    def behind(self) -> bool:
        """Whether a token that is unknown may be in the file all the same."""
        return self._tokens.behind

    def ban_of_host(self, host: str, now: float) -> Ban | None:
        return self._bans.now().of_host(host, now)

    def ban_of_user(self, user: str, now: float) -> Ban | None:
        return self._bans.now().of_user(user, now)

    def refresh(self) -> list[str]:
        """Look at the files now; return why one of them is not in force, or an empty string."""
        self._tokens.now()
        self._bans.now()
        return [fault for fault in (self._tokens.fault, self._bans.fault) if fault]
