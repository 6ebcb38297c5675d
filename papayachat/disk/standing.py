"""Standing: whether a profile's token ever opened its room, and since when it no longer does.

After an outage, when a crowd comes back, or while a server is being changed, a valid token may be
refused. So a client that was let in before gives up only when it is refused twice, some time apart.
A command that runs once has to know what an earlier one was told, so
~/.local/state/papaya/standing/NAME says `opened` or `refused TIME`.
"""

from contextlib import suppress

from papayachat.disk.paths import make_private, state_dir
from papayad.errors import Fault
from papayad.system.files import write_whole

BELIEVED_AFTER = 60.0  # seconds after a first refusal; a second one after that is believed


class Standing:
    """Only a hint: if it cannot be written, a refused client just tries for longer."""

    def __init__(self, profile: str) -> None:
        self._path = state_dir() / "standing" / profile

    def opened(self) -> None:
        """Note that the token was accepted."""
        if self._read() != "opened":
            self._write("opened")

    def refused(self, now: float) -> bool:
        """Note that the token was refused at this time (of day); return whether to believe it."""
        known = self._read()
        if not known:
            return True
        at = _seconds(known)
        if at is not None and at <= now:
            return now - at >= BELIEVED_AFTER
        self._write(f"refused {int(now)}")  # rounded down, so never in the future
        return False

    def forget(self) -> None:
        """Forget it, since the profile may have another token from now on."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _read(self) -> str:
        try:
            return self._path.read_text("ascii", "replace").strip()
        except OSError:
            return ""

    def _write(self, text: str) -> None:
        with suppress(OSError, Fault):
            make_private(self._path.parent)
            write_whole(self._path, f"{text}\n".encode())


def _seconds(known: str) -> float | None:
    """When it was refused; None if it was not."""
    word, _, at = known.partition(" ")
    return float(at) if word == "refused" and at.isascii() and at.isdigit() else None
