"""The clusters of a room, from roster locks and process groups (design sections 5, 7).

A cluster is alive while its roster entry is locked; its processes are the two that the entry names
and that are in the group it names. Titles are no evidence: anybody can set one.
"""

import os
import signal
import time
from pathlib import Path
from typing import Any

from papayactl.state import service_user
from papayactl.system import pinned
from papayad.settings import Settings
from papayad.state import marks, roster
from papayad.state.roster import Entry

FORK_TAKES = 0.1  # seconds from a hello that was checked to its entry in the roster
_STARTED_WITHIN = 1.0  # seconds; a cluster adds its pids within a few milliseconds of its fork
_LOOK_AGAIN = 0.01


def living(settings: Settings) -> list[Entry]:
    """The clusters that live, oldest first; none where no papayad ever ran. A Fault (77)."""
    try:
        return roster.living(roster.directory(settings.state_dir))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise service_user.fault(error) from error


def label(entry: Entry) -> str:
    """What the admin calls a client; the same words as in its titles."""
    return f"{entry.user}@{entry.peer}"


def named(entry: Entry) -> dict[str, Any]:
    """What names a client in JSON, in whatever command."""
    return {"user": entry.user, "peer": entry.peer, "recv": entry.recv, "send": entry.send}


def completed(state_dir: Path, entry: Entry) -> Entry:
    """The entry with its pids: a cluster that is just starting is given the time to add them."""
    deadline = time.monotonic() + _STARTED_WITHIN
    path = roster.directory(state_dir)
    while not entry.send and roster.is_live(path, entry.name) and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN)
        entry = roster.read(path, entry.name) or entry
    return entry


def refused(settings: Settings) -> list[str]:
    """The users whose new connections are refused. Raises a Fault (77)."""
    try:
        return sorted(path.name for path in marks.frozen(settings.state_dir).iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise service_user.fault(error) from error


def send_signal(state_dir: Path, entry: Entry, pid: int, number: signal.Signals) -> bool:
    """Signal one process of a cluster; False when it is not, or no longer, the cluster's."""
    path = roster.directory(state_dir)

    def is_member() -> bool:
        held = roster.is_live(path, entry.name) and roster.read(path, entry.name) == entry
        return held and os.getpgid(pid) == entry.group

    return pinned.send(pid, number, is_member)


def wait_ended(state_dir: Path, entries: list[Entry], deadline: float) -> dict[str, float]:
    """Wait until the clusters are gone, at most until `deadline`; when each ended, by name.

    Times are of time.monotonic(). A cluster is gone when its lock is free: both processes ended.
    """
    path = roster.directory(state_dir)
    ended: dict[str, float] = {}
    while True:
        for entry in entries:
            if entry.name not in ended and not roster.is_live(path, entry.name):
                ended[entry.name] = time.monotonic()
        if len(ended) == len(entries) or time.monotonic() > deadline:
            return ended
        time.sleep(_LOOK_AGAIN)
