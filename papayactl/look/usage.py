"""What a client, the acceptor and the room have used so far, and hold now.

CPU time is in nanoseconds as the scheduler counts it, divided into user and system like the ticks.
A client's messages are counted by its RECV, where the kernel shows the number; the room's in the
log. No process is asked.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from papayactl.cli.figures import total
from papayactl.look import acceptor, clients, living
from papayactl.look.clients import Look
from papayactl.state import records
from papayactl.system import cpu, descriptors, memory, process, switches
from papayactl.system.process import Process
from papayad.settings import Settings
from papayad.state import roster
from papayad.state.roster import Entry

CLIENT, ACCEPTOR, ROOM = "client", "acceptor", "room"

_COUNTED_AT_MOST = 1 << 26  # bytes of log; if it is more, the room's messages stay unknown


@dataclass(frozen=True, slots=True)
class Amounts:
    """Sums since a process began: nanoseconds, times, bytes, records. None: we may not know it."""

    cpu: int | None = None
    user: int | None = None
    system: int | None = None
    voluntary: int | None = None
    involuntary: int | None = None
    bytes_in: int | None = None
    bytes_out: int | None = None
    messages: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Memory in bytes, of all their processes."""

    rss: int | None = None
    pss: int | None = None
    uss: int | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """What one of them has used until `at` (on the monotonic clock), and holds now."""

    kind: str
    name: str
    at: float
    sums: Amounts
    entry: Entry | None = None
    age: float | None = None
    held: Held = Held()
    lag: int | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was used, at one moment: by the clients, by the acceptor, and last by the room.

    `looks` has every client of the room, also those that were not asked for.
    """

    end: int | None  # the log's
    uses: list[Use]
    looks: list[Look]

    @property
    def room(self) -> Use:
        return self.uses[-1]


def look(settings: Settings, meant: Sequence[Entry] | None = None) -> Ledger:
    """Look at the clients that are meant, or all; the acceptor, if there is one; and the room.

    A Fault (77) if we may not see them.
    """
    now = time.monotonic()
    everybody = living.living(settings)
    end = clients.committed_end(settings)
    seen = clients.look_closer(settings, clients.look_at(settings, everybody), pss=False)
    uses = [_of_client(settings, one, now) for one in seen]
    own = _of_acceptor(settings, now)
    room = _sum(settings, [*uses, *own], now)
    room = replace(room, sums=replace(room.sums, messages=_said(settings, everybody, end)))
    wanted = {entry.name for entry in (everybody if meant is None else meant)}
    shown = [use for use in uses if use.entry and use.entry.name in wanted]
    return Ledger(end, [*shown, *own, room], seen)


def _of_client(settings: Settings, seen: Look, now: float) -> Use:
    entry = seen.entry
    both = [one for one in (seen.recv, seen.send) if one]
    sums, held = _processes(both)
    sums = replace(
        sums,
        bytes_in=seen.bytes_in,
        bytes_out=seen.bytes_out,
        messages=_written(settings, seen),
    )
    name = living.label(entry)
    return Use(CLIENT, name, now, sums, entry, seen.age, held, seen.lag)


def _of_acceptor(settings: Settings, now: float) -> list[Use]:
    pid = acceptor.holder(settings)
    seen = process.read(pid) if pid else None
    if seen is None:
        return []
    sums, held = _processes([seen])
    return [Use(ACCEPTOR, f"acceptor {pid}", now, sums, held=held)]


def _sum(settings: Settings, uses: Sequence[Use], now: float) -> Use:
    """The sum; unknown if a part is unknown, except for what the acceptor never has."""
    of_clients = [use for use in uses if use.kind == CLIENT]
    own = ("bytes_in", "bytes_out", "messages")
    sums = {
        one.name: total(
            [getattr(use.sums, one.name) for use in (of_clients if one.name in own else uses)]
        )
        for one in fields(Amounts)
    }
    names = ("rss", "pss", "uss")
    held = Held(*(total([getattr(use.held, name) for use in uses]) for name in names))
    lags = [use.lag for use in of_clients if use.lag is not None]
    lag = max(lags, default=0) if len(lags) == len(of_clients) else None
    return Use(ROOM, f"room {settings.room}", now, Amounts(**sums), held=held, lag=lag)


def _processes(both: Sequence[Process]) -> tuple[Amounts, Held]:
    """What the processes used together, and the memory that they hold."""
    if not both:
        return Amounts(), Held()
    used = sum(map(cpu.nanoseconds, both))
    user, system = (sum(getattr(one, name) for one in both) for name in ("user", "system"))
    share = user / (user + system) if user + system else None
    counted = [switches.read(one.pid) for one in both]
    held = [memory.read(one.pid) for one in both]
    in_user = None if share is None else int(used * share)
    return (
        Amounts(
            used,
            in_user,
            None if in_user is None else used - in_user,
            total([one.voluntary if one else None for one in counted]),
            total([one.involuntary if one else None for one in counted]),
        ),
        Held(
            sum(one.rss for one in both),
            total([one.pss if one else None for one in held]),
            total([one.uss if one else None for one in held]),
        ),
    )


def _written(settings: Settings, seen: Look) -> int | None:
    """How many messages a client wrote: RECV keeps the number where the kernel shows it."""
    if seen.recv is None:
        return None
    path = str(roster.directory(settings.state_dir).resolve() / seen.entry.name)
    for file in descriptors.read(seen.recv.pid) or ():
        if file.target == path:
            return descriptors.position(seen.recv.pid, file.number)
    return None


def _said(settings: Settings, entries: Sequence[Entry], end: int | None) -> int | None:
    """How many messages people wrote since the first of the clients joined.

    None if too much of the log would have to be read.
    """
    if end is None or not entries:
        return None
    start = records.since(settings.state_dir, min(entry.since for entry in entries), end)
    if end - start > _COUNTED_AT_MOST:
        return None
    return records.of_people(records.counts(settings.state_dir, start, end))
