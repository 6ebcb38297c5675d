"""A look at clients: everything the kernel tells of each cluster, at one moment.

`look_at` reads what is cheap, for everybody. `look_closer` reads what costs more (PSS, lag, whether
SEND waits for its client to read); `top` does that only for the visible rows. None is what we may
not know.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from papayactl.cli.figures import total
from papayactl.system import connections, cpu, descriptors, memory, process
from papayactl.system.connections import Connection
from papayactl.system.process import Process
from papayad.formats.address import parse_address
from papayad.log import segments
from papayad.log.committed import Committed
from papayad.settings import Settings
from papayad.state.roster import Entry

RUNNING = "running"
FROZEN = "frozen"
BLOCKED = "blocked"  # the client does not read: SEND sleeps in a write, and there is more to send
STARTING = "starting"
ENDING = "ending"

_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Look:
    """A client at a moment (`at`: seconds since the epoch). `cpu` is in nanoseconds, of both.

    `recent` is the CPU percentage since an earlier look, if there was one.
    """

    entry: Entry
    at: float
    recv: Process | None = None
    send: Process | None = None
    cpu: int | None = None
    connection: Connection | None = None
    pss: int | None = None
    lag: int | None = None
    blocked: bool = False
    recent: float | None = None

    @property
    def age(self) -> float:
        return max(0.0, self.at - self.entry.since)

    @property
    def state(self) -> str:
        if not self.entry.send:
            return STARTING
        if self.recv is None or self.send is None:
            return ENDING
        if process.STOPPED in (self.recv.state, self.send.state):
            return FROZEN
        return BLOCKED if self.blocked else RUNNING

    @property
    def cpu_percent(self) -> float | None:
        """Over its whole life, like ps; or since the earlier look, like top, if there was one."""
        if self.recent is not None:
            return self.recent
        return None if self.cpu is None or not self.age else self.cpu / self.age / 1e7

    @property
    def bytes_in(self) -> int | None:
        """What RECV has read from the socket."""
        seen = self.connection
        return seen.received - seen.queued_in if seen and seen.received is not None else None

    @property
    def bytes_out(self) -> int | None:
        """What SEND has written to the socket, arrived or not."""
        seen = self.connection
        if seen is None or seen.acknowledged is None:
            return None
        return seen.acknowledged + seen.queued_out

    @property
    def rtt(self) -> float | None:
        return self.connection.rtt if self.connection else None


def look_at(settings: Settings, entries: Sequence[Entry]) -> list[Look]:
    """Look at each client, in order, and read only what is cheap."""
    known = _connections(settings, entries)
    return [_look(entry, known.get(entry.peer)) for entry in entries]


def look_closer(settings: Settings, looks: Iterable[Look], pss: bool = True) -> list[Look]:
    """The same looks with what costs more to read; PSS, which costs most, only if wanted."""
    end = committed_end(settings)
    return [_closer(settings.state_dir, look, end, pss) for look in looks]


def compare(looks: Iterable[Look], before: dict[str, Look]) -> list[Look]:
    """The looks with the CPU that each client used since `before`, which has them by entry."""
    return [_since(look, before.get(look.entry.name)) for look in looks]


def committed_end(settings: Settings) -> int | None:
    """The log's end, without the lock: a process that holds it, even stopped, is no hindrance."""
    try:
        committed = Committed(settings.state_dir)
    except OSError:
        return None
    try:
        return committed.load()
    except OSError:  # it has no number: doctor says so
        return None
    finally:
        committed.close()


def position(state_dir: Path, files: Sequence[descriptors.Descriptor], pid: int) -> int | None:
    """The offset in the log that SEND has reached: its segment's name plus the file position."""
    for file in files:
        base = _base(state_dir, file.target)
        if base is not None:
            place = descriptors.position(pid, file.number)
            return None if place is None else base + place
    return None


def _since(look: Look, before: Look | None) -> Look:
    if before is None or before.cpu is None or look.cpu is None or look.at <= before.at:
        return look
    return replace(look, recent=max(0, look.cpu - before.cpu) / (look.at - before.at) / 1e7)


def _look(entry: Entry, connection: Connection | None) -> Look:
    recv, send = _member(entry, entry.recv), _member(entry, entry.send)
    used = [cpu.nanoseconds(one) for one in (recv, send) if one]
    return Look(entry, time.time(), recv, send, sum(used) if used else None, connection)


def _member(entry: Entry, pid: int) -> Process | None:
    """The process, if it lives and the pid is (still) the cluster's."""
    seen = process.read(pid) if pid else None
    if seen is None or seen.group != entry.group or seen.state == process.ENDED:
        return None
    return seen


def _closer(state_dir: Path, look: Look, end: int | None, pss: bool) -> Look:
    if look.recv is None or look.send is None:
        return look
    lag, blocked = _lag(state_dir, look.send, end)
    share = _pss(look.recv, look.send) if pss else None
    return replace(look, pss=share, lag=lag, blocked=blocked)


def _pss(recv: Process, send: Process) -> int | None:
    seen = [memory.read(one.pid) for one in (recv, send)]
    return total([one.pss if one else None for one in seen])


def _lag(state_dir: Path, send: Process, end: int | None) -> tuple[int | None, bool]:
    """How many bytes of the log are not sent yet, and whether SEND waits while it writes."""
    waited_for = descriptors.waited_for(send.pid)  # first: what it waits for now it had not sent
    files = descriptors.read(send.pid)
    at = position(state_dir, files, send.pid) if files else None
    if at is None or end is None or files is None:
        return None, False
    lag = max(0, end - at)
    sockets = {file.number for file in files if file.target.startswith("socket:")}
    return lag, lag > 0 and waited_for in sockets


def _base(state_dir: Path, target: str) -> int | None:
    directory, _, name = target.removesuffix(" (deleted)").rpartition("/")
    digits = name[:_DIGITS]
    if not (digits.isascii() and digits.isdigit()) or name != segments.name(int(digits)):
        return None
    return int(digits) if directory == str(state_dir.resolve()) else None


def _connections(settings: Settings, entries: Sequence[Entry]) -> dict[str, Connection]:
    """The clients' connections by peer; one to a port of this room goes before any other."""
    peers = {entry.peer for entry in entries}
    ports = {str(parse_address(address)[1]) for address in settings.listen.addresses}
    found = [one for one in connections.read() if one.peer in peers] if peers else []
    found.sort(key=lambda one: one.local.rpartition(":")[2] in ports)
    return {one.peer: one for one in found}
