"""What the acceptor checks hellos against, re-read when it changes (design sections 3 and 6).

The token file is looked at (one stat) at each hello, so that a new token works and a revoked one
fails at once, with no signal. A broken file keeps the old tokens and says so, once.
"""

import os
from pathlib import Path

from papayad import tokens
from papayad.errors import Fault
from papayad.journal import Journal
from papayad.tokens import Token


class Credentials:
    """The tokens of a file. Raises a Fault only when it is made."""

    def __init__(self, path: Path, journal: Journal) -> None:
        self._path = path
        self._journal = journal
        self._seen = self._signature()
        self._tokens = tokens.read_tokens(path)

    def check(self, token: str, now: float) -> Token | None:
        """The token's entry, or None when it is unknown or expired."""
        self.refresh()
        known = self._tokens.get(tokens.digest(token))
        return known if known and known.valid_at(now) else None

    def refresh(self) -> None:
        """Read the file again when it is another one than last time."""
        signature = self._signature()
        if signature == self._seen:
            return
        self._seen = signature
        try:
            self._tokens = tokens.read_tokens(self._path)
        except Fault as fault:
            self._journal.error(f"{fault}; the tokens from before stay in force")

    def _signature(self) -> tuple[int, ...]:
        try:
            status = os.stat(self._path)
        except OSError:
            return ()
        return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
