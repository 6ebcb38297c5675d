"""Freezing clusters and letting them go on: quarantine, and nothing is lost (design section 6).

SIGSTOP is sent under the log's lock, so that nobody is stopped inside it: the whole room would wait
for a frozen client. The client's socket stays open; what others say is sent when it thaws.
"""

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from papayactl.look import living
from papayactl.state import lock, service_user
from papayactl.system import process
from papayad.errors import Fault
from papayad.formats.record import NAME
from papayad.settings import Config
from papayad.state import marks, roster
from papayad.state.roster import Entry

_TAKES = 2.0  # seconds until a process that was sent SIGSTOP or SIGCONT has obeyed
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


def freeze(config: Config, entries: Sequence[Entry]) -> list[Changed]:
    """Stop both processes of each cluster, outside of the log's lock. A Fault (75, 77)."""
    whole = [living.completed(config.state_dir, entry) for entry in entries]
    with lock.exclusive(config):
        _send(config, whole, signal.SIGSTOP)
        return _wait(config, whole, "frozen")


def thaw(config: Config, entries: Sequence[Entry]) -> list[Changed]:
    """Let both processes of each cluster go on. A Fault (77)."""
    _send(config, entries, signal.SIGCONT)
    return _wait(config, entries, "running")


def freeze_user(config: Config, user: str) -> list[Changed]:
    """Refuse the user's new connections and freeze those that are open."""
    _mark(config, user, True)
    changed = freeze(config, _of(config, user))
    time.sleep(living.FORK_TAKES)  # the acceptor may have let one in just before it saw the mark
    known = {one.entry.name for one in changed}
    late = [entry for entry in _of(config, user) if entry.name not in known]
    return changed + (freeze(config, late) if late else [])


def thaw_user(config: Config, user: str) -> list[Changed]:
    _mark(config, user, False)
    return thaw(config, _of(config, user))


def _of(config: Config, user: str) -> list[Entry]:
    return [entry for entry in living.living(config) if entry.user == user]


def _mark(config: Config, user: str, frozen: bool) -> None:
    if not NAME.match(user):
        raise Fault(f'user "{user}"', "no user name", "see papayactl token list")
    path = marks.frozen(config.state_dir) / user
    try:
        with service_user.acting(config):
            if frozen:
                path.touch(mode=0o600)
            else:
                path.unlink(missing_ok=True)
    except OSError as error:
        raise service_user.fault(error) from error


def _send(config: Config, entries: Sequence[Entry], number: signal.Signals) -> None:
    for entry in entries:
        for pid in (entry.recv, entry.send):
            living.send_signal(config.state_dir, entry, pid, number)


def _wait(config: Config, entries: Sequence[Entry], meant: str) -> list[Changed]:
    deadline = time.monotonic() + _TAKES
    while True:
        changed = [Changed(entry, _state(config, entry), meant) for entry in entries]
        if all(one.state in (meant, "gone") for one in changed) or time.monotonic() > deadline:
            return changed
        time.sleep(_LOOK_AGAIN)


def _state(config: Config, entry: Entry) -> str:
    """Frozen when both are stopped, running when neither is; in between it is neither."""
    if not roster.is_live(roster.directory(config.state_dir), entry.name):
        return "gone"
    seen = [process.read(pid) for pid in (entry.recv, entry.send)]
    stopped = {one is not None and one.state == process.STOPPED for one in seen}
    return "half frozen" if len(stopped) == 2 else "frozen" if stopped == {True} else "running"
