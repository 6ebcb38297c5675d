"""Freezing clusters and letting them go on: nothing is lost (design section 6).

SIGSTOP is sent while we hold the log's lock, so that no process is stopped while it holds the lock:
otherwise the whole room would wait for a frozen client. The client's socket stays open; what others
say is sent when it thaws.
"""

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from papayactl.look import living
from papayactl.state import lock, user_marks
from papayactl.system import process
from papayad.settings import Settings
from papayad.state import marks, roster
from papayad.state.roster import Entry

_OBEYED_WITHIN = 2.0  # seconds until a process that was sent SIGSTOP or SIGCONT has obeyed
_LOOK_AGAIN = 0.002


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of a client: `state` is frozen, running, or gone."""

    entry: Entry
    state: str
    meant: str

    @property
    def done(self) -> bool:
        return self.state == self.meant

    def as_dict(self) -> dict[str, Any]:
        return {
            **living.named(self.entry),
            "state": self.state,
        }

    def sentence(self) -> str:
        client = living.label(self.entry)
        if self.done:
            return f"{client} is {self.state}"
        return f"{client} left" if self.state == "gone" else f"{client} is still {self.state}"


def freeze(settings: Settings, entries: Sequence[Entry]) -> list[Changed]:
    """Stop both processes of each cluster, while neither holds the lock. A Fault (75, 77)."""
    whole = [living.completed(settings.state_dir, entry) for entry in entries]
    with lock.exclusive(settings):
        _send(settings, whole, signal.SIGSTOP)
        return _wait(settings, whole, "frozen")


def thaw(settings: Settings, entries: Sequence[Entry]) -> list[Changed]:
    """Let both processes of each cluster go on. A Fault (77)."""
    _send(settings, entries, signal.SIGCONT)
    return _wait(settings, entries, "running")


def freeze_user(settings: Settings, user: str) -> list[Changed]:
    """Refuse the user's new connections and freeze those that are open."""
    user_marks.leave(marks.frozen(settings.state_dir), user)
    changed = freeze(settings, _of(settings, user))
    time.sleep(living.FORK_TAKES)  # the acceptor may have let one in just before it saw the mark
    known = {one.entry.name for one in changed}
    late = [entry for entry in _of(settings, user) if entry.name not in known]
    return changed + (freeze(settings, late) if late else [])


def thaw_user(settings: Settings, user: str) -> list[Changed]:
    user_marks.remove(marks.frozen(settings.state_dir), user)
    return thaw(settings, _of(settings, user))


def _of(settings: Settings, user: str) -> list[Entry]:
    return [entry for entry in living.living(settings) if entry.user == user]


def _send(settings: Settings, entries: Sequence[Entry], number: signal.Signals) -> None:
    for entry in entries:
        for pid in (entry.recv, entry.send):
            living.send_signal(settings, entry, pid, number)


def _wait(settings: Settings, entries: Sequence[Entry], meant: str) -> list[Changed]:
    deadline = time.monotonic() + _OBEYED_WITHIN
    while True:
        changed = [Changed(entry, _state(settings, entry), meant) for entry in entries]
        if all(one.state in (meant, "gone") for one in changed) or time.monotonic() > deadline:
            return changed
        time.sleep(_LOOK_AGAIN)


def _state(settings: Settings, entry: Entry) -> str:
    """Frozen if both are stopped, running if none is; otherwise neither."""
    if not roster.is_live(roster.directory(settings.state_dir), entry.name):
        return "gone"
    seen = [process.read(pid) for pid in (entry.recv, entry.send)]
    stopped = {one is not None and one.state == process.STOPPED for one in seen}
    return "half frozen" if len(stopped) == 2 else "frozen" if stopped == {True} else "running"
