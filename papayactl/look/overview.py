"""The room at a glance: its acceptor, its clients, its log, and what all of it costs."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from papayactl.cli import moments
from papayactl.look import acceptor, clients, living, rates, usage
from papayactl.look.acceptor import Status
from papayactl.look.clients import BLOCKED, FROZEN
from papayactl.look.served import served
from papayactl.look.usage import Ledger
from papayactl.state import certificate, records
from papayactl.system import process
from papayad.errors import Fault
from papayad.formats.record import Record
from papayad.log import segments
from papayad.settings import Settings


@dataclass(frozen=True, slots=True)
class Log:
    """The chat log. `end` is the committed end; `bytes` are those that the disk still has."""

    end: int | None
    oldest: int
    segments: int
    bytes: int
    last: Record | None
    free: int  # on its disk, for the service


@dataclass(frozen=True, slots=True)
class Overview:
    acceptor: Status
    age: float | None  # of the acceptor
    clients: int
    users: list[str]
    frozen: int
    blocked: int
    refused: list[str]
    muted: list[str]
    most: int
    used: Ledger
    log: Log
    tls: str
    expires: float | None  # when the certificate that is served does

    def as_dict(self) -> dict[str, Any]:
        seen, last = self.acceptor, self.log.last
        used = rates.as_dict(self.used.room, None)
        return {
            "room": seen.room,
            "state": seen.state,
            "pid": seen.pid,
            "age": self.age,
            "addresses": seen.addresses,
            "tls": self.tls,
            "certificate_expires": moments.rfc3339(self.expires),
            "clients": self.clients,
            "max_clients": self.most,
            "users": self.users,
            "frozen": self.frozen,
            "blocked": self.blocked,
            "earlier": seen.earlier,
            "changed": seen.changed,
            "fault": seen.fault,
            "refused": self.refused,
            "muted": self.muted,
            "log_end": self.log.end,
            "log_oldest": self.log.oldest,
            "log_segments": self.log.segments,
            "log_bytes": self.log.bytes,
            "last_record": last.stamp if last else None,
            "disk_free": self.log.free,
            "cpu_seconds": used["cpu_seconds"],
            "pss": used["pss"],
            "bytes_in": used["bytes_in"],
            "bytes_out": used["bytes_out"],
            "lag": used["lag"],
        }


def overview(settings: Settings) -> Overview:
    """Look at everything. A Fault (77) if we may not see the clients."""
    used = usage.look(settings)
    seen = acceptor.status(settings)
    states = [look.state for look in used.looks]
    return Overview(
        seen,
        _age(seen.pid),
        len(states),
        sorted({look.entry.user for look in used.looks}),
        states.count(FROZEN),
        states.count(BLOCKED),
        living.refused(settings),
        living.muted(settings),
        settings.limits.max_clients,
        used,
        log(settings),
        settings.listen.tls,
        _expires(settings, seen),
    )


def log(settings: Settings) -> Log:
    state_dir = settings.state_dir
    end = clients.committed_end(settings)
    known = segments.bases(state_dir)
    disk = os.statvfs(state_dir)
    free = disk.f_bavail * disk.f_frsize
    last = _last(settings, records.reachable(state_dir, end)) if end and known else None
    return Log(end, records.oldest(state_dir), len(known), records.size(state_dir), last, free)


def _last(settings: Settings, end: int) -> Record | None:
    start = records.boundary(
        settings.state_dir, max(0, end - settings.limits.message_bytes * 2), end
    )
    last = None
    for placed in records.read(settings.state_dir, start, end):
        last = placed.record
    return last


def _age(pid: int | None) -> float | None:
    """How long a process has run."""
    seen = process.read(pid) if pid else None
    return round(process.age(seen), 1) if seen else None


def _expires(settings: Settings, seen: Status) -> float | None:
    """Of the certificate that is served, else of the file's."""
    if settings.listen.tls == "off":
        return None
    if seen.state == acceptor.RUNNING and (shown := served(settings, seen.addresses)):
        return shown.expires
    try:
        return certificate.read(Path(settings.listen.certificate)).expires
    except Fault:
        return None
