"""One client in detail: what costs too much, or is too long, for a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from papayactl.cli import figures
from papayactl.look import acceptor, clients
from papayactl.look.clients import Look
from papayactl.system import cpu, descriptors, limits, process, switches
from papayactl.system.descriptors import Descriptor
from papayactl.system.process import Process
from papayactl.system.switches import Switches
from papayad.settings import Settings
from papayad.state import groups
from papayad.state.roster import Entry

_LIMITS = ("Max processes", "Max open files", "Max core file size")


@dataclass(frozen=True, slots=True)
class Part:
    """RECV or SEND."""

    role: str
    process: Process
    cpu: int
    switches: Switches | None
    limits: list[tuple[str, str]]
    descriptors: list[Descriptor] | None

    def as_dict(self) -> dict[str, Any]:
        counted = self.switches
        return {
            "role": self.role,
            "pid": self.process.pid,
            "state": self.process.state,
            "cpu_seconds": self.cpu / 1e9,
            "rss": self.process.rss,
            "voluntary_switches": counted.voluntary if counted else None,
            "involuntary_switches": counted.involuntary if counted else None,
            "limits": dict(self.limits),
            "descriptors": None
            if self.descriptors is None
            else {str(one.number): one.target for one in self.descriptors},
        }


@dataclass(frozen=True, slots=True)
class Inspected:
    """A client in full. `cursor` is the offset in the log up to which it was sent."""

    look: Look
    generation: str
    tls: str
    cursor: int | None
    sandbox: str  # "rlimits,seccomp,landlock7"; empty where it is not known
    without: str  # which half of it is missing, and why
    parts: list[Part]

    def connection(self) -> dict[str, Any] | None:
        seen = self.look.connection
        if seen is None:
            return None
        return {
            "local": seen.local,
            "peer": seen.peer,
            "queued_in": seen.queued_in,
            "queued_out": seen.queued_out,
            "rtt": seen.rtt,
            "retransmits": seen.retransmits,
        }

    def connection_words(self) -> str:
        seen = self.look.connection
        if seen is None:
            return figures.UNKNOWN
        return (
            f"{seen.local} to {seen.peer}, rtt {figures.millis(seen.rtt)}, "
            f"{seen.queued_in} bytes queued in, {seen.queued_out} out, "
            f"{figures.whole(seen.retransmits)} retransmits"
        )


def look_at(settings: Settings, entries: Sequence[Entry]) -> list[Look]:
    return clients.look_closer(settings, clients.look_at(settings, entries))


def inspect(settings: Settings, look: Look) -> Inspected:
    parts = [_part(role, seen) for role, seen in (("recv", look.recv), ("send", look.send)) if seen]
    return Inspected(
        look,
        _generation(settings, look.entry),
        _tls(settings),
        _cursor(settings, look),
        groups.sandbox_of(groups.directory(settings.state_dir), look.entry.group),
        groups.without_of(groups.directory(settings.state_dir), look.entry.group),
        parts,
    )


def _part(role: str, seen: Process) -> Part:
    known = limits.read(seen.pid)
    return Part(
        role,
        seen,
        cpu.nanoseconds(seen),
        switches.read(seen.pid),
        [(name.removeprefix("Max ").lower(), known[name]) for name in _LIMITS if name in known],
        descriptors.read(seen.pid),
    )


def _generation(settings: Settings, entry: Entry) -> str:
    pid = acceptor.holder(settings)
    seen = process.read(pid) if pid else None
    if seen is None:
        return "its acceptor is gone"
    return "of this acceptor" if seen.group == entry.group else "of an earlier acceptor"


def _tls(settings: Settings) -> str:
    return {"required": "yes", "off": "no"}.get(
        settings.listen.tls, "optional, not known from here"
    )


def _cursor(settings: Settings, look: Look) -> int | None:
    if look.send is None:
        return None
    files = descriptors.read(look.send.pid)
    return clients.position(settings.state_dir, files, look.send.pid) if files else None
