"""The acceptor seen from outside: by its pid file's lock and its port (design section 6).

What is in force is what the kernel says; the file that the acceptor writes (papayad/state/force.py)
says only where to look, and what it read.
"""

import socket
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from errno import EADDRINUSE

from papayactl.look import living
from papayactl.state import units
from papayactl.system import connections, process, service_user
from papayad.errors import FAILED, NOT_RUNNING, TRY_AGAIN, Fault, denied_or, reason
from papayad.formats.address import parse_address
from papayad.settings import Settings
from papayad.state import force, pidfile
from papayad.state.force import InForce
from papayad.state.roster import Entry

RUNNING, FROZEN, STOPPED, WAITING = "running", "frozen", "stopped", "waiting"

_STARTED_WITHIN = 1.0  # seconds: an acceptor holds the lock a moment before its pid is known
_LOOK_AGAIN = 0.01


@dataclass(frozen=True, slots=True)
class Status:
    """`pid` is None when no acceptor runs; the counts are None if we may not read the roster.

    `state` is running, frozen (stopped by a signal), stopped, or waiting: systemd listens, and
    starts it at the first connection. `changed`: the file is not what was loaded; None when nobody
    can say. `fault` is why the last reload changed nothing.
    """

    room: str
    pid: int | None
    state: str
    addresses: list[str]  # where it listens
    sessions: int | None
    earlier: int | None  # how many of them an earlier acceptor let in
    changed: bool | None = None
    fault: str = ""
    sandbox: str = ""  # what confines the clients that it lets in; empty if it does not say
    without: str = ""  # which half of it is missing, and why

    @property
    def lets_in(self) -> bool:
        return self.state in (RUNNING, WAITING)


def status(settings: Settings) -> Status:
    """What the acceptor of a room is doing. A Fault (77) if we may not even see that."""
    return Status(**service_user.run(settings, lambda: asdict(_status(settings))))


def _status(settings: Settings) -> Status:
    pid = holder(settings)
    seen = process.read(pid) if pid else None
    groups = session_groups(settings)
    said = _said(settings, pid)
    state = RUNNING
    if pid is None:
        own = units.seen(settings)
        state = WAITING if own and own.listens else STOPPED
    elif is_frozen(seen):
        state = FROZEN
    return Status(
        room=settings.room,
        pid=pid,
        state=state,
        addresses=[] if pid is None else listening(settings, said),
        sessions=None if groups is None else len(groups),
        earlier=None if groups is None else sum(not seen or g != seen.group for g in groups),
        changed=_changed(settings, said),
        fault=said.fault if said else "",
        sandbox=said.sandbox if said else "",
        without=said.without if said else "",
    )


def of_earlier(settings: Settings, entries: list[Entry]) -> list[Entry]:
    """Those whom an earlier acceptor let in: they run its code. A Fault (3) if none runs now."""
    pid = service_user.run(settings, lambda: holder(settings))
    seen = process.read(pid) if pid else None
    if seen is None:
        raise Fault("--earlier", "no acceptor runs", "start papayad first", code=NOT_RUNNING)
    return [entry for entry in entries if entry.group != seen.group]


def listening(settings: Settings, said: InForce | None) -> list[str]:
    """Of the addresses that the acceptor names, or else the file, those where somebody listens."""
    known = connections.listening()
    named = said.listening if said else settings.listen.addresses
    if known is None:
        return [address for address in named if is_open(address)]
    places = {parse_address(address) for address in known}
    return [address for address in named if parse_address(address) in places]


def _changed(settings: Settings, said: InForce | None) -> bool | None:
    if said is None or not said.configuration:
        return None
    digest = force.digest(settings.path)
    return said.configuration != digest if digest else None


def _said(settings: Settings, pid: int | None) -> InForce | None:
    """What this acceptor wrote; an earlier one's says nothing of it."""
    try:
        said = force.read(settings.pid_file.parent)
    except OSError:
        return None
    return said if said and said.pid == pid else None


def holder(settings: Settings) -> int | None:
    """The acceptor's pid, once it is known; None when there is no acceptor."""
    deadline = time.monotonic() + _STARTED_WITHIN
    try:
        while (pid := pidfile.holder(settings.pid_file)) == 0 and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN)
    except OSError as error:
        code = denied_or(error, FAILED)
        raise Fault(str(settings.pid_file), reason(error), "run it as root", code=code) from error
    return pid


def running(settings: Settings) -> int:
    """The acceptor's pid; a Fault (3) when there is none, (75) when it has none yet."""
    pid = holder(settings)
    if pid is None:
        remedy = "start it with papayactl acceptor start"
        raise Fault(f"room {settings.room}", "no acceptor is running", remedy, code=NOT_RUNNING)
    if pid == 0:
        why = "the acceptor is just starting"
        raise Fault(f"room {settings.room}", why, "try again", code=TRY_AGAIN)
    return pid


def is_open(address: str) -> bool:
    """Whether a program listens on the address: then no other can bind it. It does not connect."""
    host, port = parse_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        probe = socket.socket(family, socket.SOCK_STREAM)
    except OSError:  # a kernel without IPv6
        return False
    with closing(probe):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno == EADDRINUSE
        return False


def session_groups(settings: Settings) -> list[int] | None:
    """The process group of every cluster, or None if we may not see them."""
    try:
        return [entry.group for entry in living.living(settings)]
    except Fault:
        return None


def is_frozen(seen: process.Process | None) -> bool:
    return seen is not None and seen.state == process.STOPPED
