"""Unsent: what was typed but not sent when the screen ended; the next one begins with it."""

from contextlib import suppress
from pathlib import Path

from papayachat.disk.paths import make_private, state_dir
from papayad.errors import Fault
from papayad.system.files import write_whole


class Unsent:
    """A file for each profile; it is private, like the outbox."""

    def __init__(self, profile: str) -> None:
        self._path: Path = state_dir() / "unsent" / profile

    def load(self) -> str:
        try:
            return self._path.read_text("utf-8", "replace")
        except OSError:
            return ""

    def save(self, text: str) -> None:
        """Keep it, or note that there is nothing; without a word if the disk is full."""
        with suppress(OSError, Fault):
            if text:
                make_private(self._path.parent)
                write_whole(self._path, text.encode("utf-8", "replace"))
            else:
                self._path.unlink(missing_ok=True)
