"""The clusters of a room, from roster locks and process groups (design sections 5, 7).

A cluster lives while its roster entry is locked. Its processes are the two that the entry names, if
they are in the group that it names. A title proves nothing: anybody can set one.
"""

import signal
import time
from pathlib import Path
from typing import Any

from papayactl.cli import output
from papayactl.look import selectors
from papayactl.state import user_marks
from papayactl.system import eye, membership, pinned, service_user
from papayad.errors import UNAVAILABLE, Fault
from papayad.settings import Settings
from papayad.state import groups, marks, roster
from papayad.state.roster import Entry

FORK_TAKES = 0.1  # seconds at most from the check of a hello to its entry in the roster
_STARTED_WITHIN = 1.0  # seconds; a cluster adds its pids within a few milliseconds of its fork
_LOOK_AGAIN = 0.01

_told: set[str] = set()  # entries that were reported already


def living(settings: Settings) -> list[Entry]:
    """The clusters that live, oldest first; none if no papayad ever ran here.

    A Fault: 77, and 69 if they are of another pid namespace.
    """
    path = roster.directory(settings.state_dir)
    try:
        refuse_other_namespace(settings)
        entries = roster.living(path)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise service_user.fault(error) from error
    uid = service_user.uid(settings)
    believed = [entry for entry in entries if _is_believed(entry, uid)]
    _tell_of([entry for entry in entries if entry not in believed])
    return believed


def refuse_other_namespace(settings: Settings) -> None:
    """A Fault (69) if the room's processes have other pids where we are. Raises OSError."""
    path, here = groups.directory(settings.state_dir), groups.own_namespace()
    for group in groups.live(path):
        there = groups.namespace_of(path, group)
        if there and here and there != here:
            why = "its processes are in another pid namespace, and have other numbers there"
            remedy = _way_into(there)
            raise Fault(f"room {settings.room}", why, remedy, code=UNAVAILABLE)


def _way_into(namespace: int) -> str:
    pid = eye.ask("namespace", namespace)
    if pid is None:
        return "run papayactl where papayad runs, in its container"
    return f"enter it: nsenter -t {pid} -p -m papayactl ..."


def _is_believed(entry: Entry, uid: int) -> bool:
    """Whether the entry is true. A starting one has no pids yet; an ending one may lack one."""
    pids = [pid for pid in (entry.recv, entry.send) if pid]
    if not selectors.has_address(entry):
        return False
    return all(membership.is_member(pid, entry.group, uid) is not False for pid in pids)


def _tell_of(strangers: list[Entry]) -> None:
    """Report an entry, but only once: top looks again and again."""
    for entry in strangers:
        if entry.name not in _told:
            _told.add(entry.name)
            pids = f"{entry.recv} and {entry.send}"
            output.say(
                f"papayactl: roster entry {entry.name}: processes {pids} are no client's: ignored",
                err=True,
            )


def label(entry: Entry) -> str:
    """The name of a client for the admin; the same as in its titles."""
    return f"{entry.user}@{entry.peer}"


def named(entry: Entry) -> dict[str, Any]:
    """The keys that name a client in the JSON of every command."""
    return {"user": entry.user, "peer": entry.peer, "recv": entry.recv, "send": entry.send}


def completed(state_dir: Path, entry: Entry) -> Entry:
    """The entry with its pids; a cluster that is just starting gets the time to add them."""
    deadline = time.monotonic() + _STARTED_WITHIN
    path = roster.directory(state_dir)
    while not entry.send and roster.is_live(path, entry.name) and time.monotonic() < deadline:
        time.sleep(_LOOK_AGAIN)
        entry = roster.read(path, entry.name) or entry
    return entry


def refused(settings: Settings) -> list[str]:
    """The users whose new connections are refused. Raises a Fault (77)."""
    return user_marks.users(marks.frozen(settings.state_dir))


def muted(settings: Settings) -> list[str]:
    """The users who may only read. Raises a Fault (77)."""
    return user_marks.users(marks.muted(settings.state_dir))


def send_signal(settings: Settings, entry: Entry, pid: int, number: signal.Signals) -> bool:
    """Signal one process of a cluster; False if it does not belong to the cluster (any more)."""
    path = roster.directory(settings.state_dir)
    uid = service_user.uid(settings)

    def is_member() -> bool:
        held = roster.is_live(path, entry.name) and roster.read(path, entry.name) == entry
        return held and membership.is_member(pid, entry.group, uid) is True

    return pinned.send(pid, number, is_member)


def wait_ended(state_dir: Path, entries: list[Entry], deadline: float) -> dict[str, float]:
    """Wait until the clusters have ended, at most until `deadline`; return when each did, by name.

    Times are of time.monotonic(). A cluster has ended when its lock is free.
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
