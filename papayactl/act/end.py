"""Ending clusters: SIGTERM, wait, SIGKILL; and telling the room who left (design section 6).

RECV gets the SIGTERM, since it finishes the record that it is writing; SEND ends with it. A stopped
process never sees SIGTERM, so its cluster gets SIGKILL at once.
"""

import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from papayactl.look import living
from papayactl.state import lock
from papayactl.system import membership, process, service_user
from papayad.log import presence
from papayad.log.appender import Appender
from papayad.settings import Settings
from papayad.state import groups, history, roster
from papayad.state.roster import Entry

KILLED_AFTER = 5.0  # seconds between SIGTERM and SIGKILL, unless --timeout says otherwise

_SHUT_OUT_KILLED_AFTER = 0.3  # revoke and ban are done within a second
_SIGKILL_ENDS_WITHIN = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a cluster. `signal` is the last one that was sent, or empty.

    From the room's user root gets it as a plain value (`dataclasses.asdict`), see `of`.
    """

    entry: Entry
    ended: bool
    signal: str
    seconds: float

    @classmethod
    def of(cls, value: dict[str, Any]) -> "Outcome":
        return cls(**value | {"entry": Entry(**value["entry"])})

    def as_dict(self) -> dict[str, Any]:
        return {
            **living.named(self.entry),
            "ended": self.ended,
            "signal": self.signal or None,
            "seconds": round(self.seconds, 3),
        }

    def sentence(self) -> str:
        client = living.label(self.entry)
        if not self.ended:
            return f"{client} did not end within {self.seconds:.1f} s"
        by = f" by {self.signal}" if self.signal else " by itself"
        return f"{client} ended{by} after {self.seconds * 1000:.0f} ms"


def end(
    settings: Settings, entries: list[Entry], patience: float = KILLED_AFTER, why: str = "killed"
) -> list[Outcome]:
    """End the clusters together; kill those left after `patience` seconds. A Fault (77).

    `why` is what the clients are told: the word of a `! bye`, and words for a person.
    """
    state_dir = settings.state_dir
    began = time.monotonic()
    entries = [living.completed(state_dir, entry) for entry in entries]
    for entry in entries:
        history.leave_bye(state_dir, entry.name, why)
    sent = {entry.name: _ask(settings, entry) for entry in entries}
    asked = [entry for entry in entries if sent[entry.name] == signal.SIGTERM.name]
    ended = living.wait_ended(state_dir, asked, began + patience)
    for entry in asked:
        if entry.name not in ended:
            sent[entry.name] = _kill(settings, entry)
    ended |= living.wait_ended(
        state_dir,
        [entry for entry in entries if entry.name not in ended],
        time.monotonic() + _SIGKILL_ENDS_WITHIN,
    )
    tell_room(settings)
    return [
        Outcome(
            entry,
            entry.name in ended,
            sent[entry.name],
            ended.get(entry.name, time.monotonic()) - began,
        )
        for entry in entries
    ]


def end_shut_out(settings: Settings, is_meant: Callable[[Entry], bool], why: str) -> list[Outcome]:
    """End clusters that a changed file no longer lets in: of a revoked token, of a banned user.

    For root, who changed the file; in each room it acts as that room's user. The acceptor may have
    let one in just before the file changed, so we look twice.
    """

    def end_twice() -> list[dict[str, Any]]:
        outcomes = end_those(settings, is_meant, why)
        time.sleep(living.FORK_TAKES)
        return [asdict(outcome) for outcome in outcomes + end_those(settings, is_meant, why)]

    return [Outcome.of(value) for value in service_user.run(settings, end_twice)]


def end_those(settings: Settings, is_meant: Callable[[Entry], bool], why: str) -> list[Outcome]:
    """End the clusters that are meant, quickly."""
    meant = [entry for entry in living.living(settings) if is_meant(entry)]
    return end(settings, meant, _SHUT_OUT_KILLED_AFTER, why) if meant else []


def tell_room(settings: Settings) -> int:
    """Write the `part` of each cluster that ended: whoever sees it first does (design section 5).

    A living acceptor does the same; one of the two finds nothing left. Returns how many.
    """
    path = roster.directory(settings.state_dir)
    names = roster.gone(path)
    if not names or not lock.is_free_soon(settings):
        return 0
    appender = Appender(settings.state_dir, settings.chatlog, lambda: announce(settings), _ignore)
    try:
        return presence.reap(appender, path, names)
    finally:
        appender.close()


def announce(settings: Settings) -> None:
    """Wake every SEND of the room; papayactl is in none of its groups.

    A group file may name any group of our user, such as a shell's, which the signal would kill.
    """
    groups.announce(str(groups.directory(settings.state_dir)), 0, membership.is_deaf)


def _ask(settings: Settings, entry: Entry) -> str:
    if _is_stopped(entry):
        return _kill(settings, entry)
    asked = living.send_signal(settings, entry, entry.recv, signal.SIGTERM)
    return signal.SIGTERM.name if asked else ""


def _kill(settings: Settings, entry: Entry) -> str:
    hit = [
        living.send_signal(settings, entry, pid, signal.SIGKILL) for pid in (entry.recv, entry.send)
    ]
    return signal.SIGKILL.name if any(hit) else ""


def _is_stopped(entry: Entry) -> bool:
    seen = (process.read(pid) for pid in (entry.recv, entry.send))
    return any(one is not None and one.state == process.STOPPED for one in seen)


def _ignore(_: str) -> None:
    """Ignore the appender's warnings: papayad logs them, too."""
