"""Standing: whether a profile's token ever opened its room, and since when it does not any more.

A crowd that comes back after an outage, or a server that is being changed, may refuse a token that
is right. So who was let in before gives up only when he is told so twice, a while apart; and a
command that runs once has to know what an earlier one was told: ~/.local/state/papaya/standing/NAME
is `opened`, or `refused TIME`.
"""

from contextlib import suppress

from papayachat.disk.paths import make_private, state_dir
from papayad.errors import Fault
from papayad.system.files import write_whole

BELIEVED_AFTER = 60.0  # seconds between two refusals of which the second is believed


class Standing:
    """It is a hint: where it cannot be written, nothing is lost but patience."""

    def __init__(self, profile: str) -> None:
        self._path = state_dir() / "standing" / profile

    def opened(self) -> None:
        """The token was taken."""
        if self._read() != "opened":
            self._write("opened")

    def refused(self, now: float) -> bool:
        """The token was not taken at this time (of the wall's clock); whether that is believed."""
        known = self._read()
        if not known:
            return True
        at = _seconds(known)
        if at is not None and at <= now:
            return now - at >= BELIEVED_AFTER
        self._write(f"refused {int(now)}")  # never later than now
        return False

    def forget(self) -> None:
        """Another token may be meant from now on."""
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
    """When it was refused; None where it was not."""
    word, _, at = known.partition(" ")
    return float(at) if word == "refused" and at.isascii() and at.isdigit() else None
