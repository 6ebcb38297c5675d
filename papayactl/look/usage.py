"""What a client, the acceptor and the room have used so far, and hold now.

CPU time is in nanoseconds as the scheduler counts it, divided into user and system like the ticks.
Messages are counted in the log, by user. No process is asked.
"""

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from papayactl.cli.figures import total
from papayactl.look import acceptor, clients, living
from papayactl.look.clients import Look
from papayactl.state import records
from papayactl.system import cpu, memory, process, switches
from papayactl.system.process import Process
from papayad.formats import record
from papayad.settings import Settings
from papayad.state.roster import Entry

CLIENT, ACCEPTOR, ROOM = "client", "acceptor", "room"

_COUNTED_AT_MOST = 1 << 26  # bytes of log; if it is more, the number of messages stays unknown


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
    counted = _messages(settings, everybody, end)
    seen = clients.look_closer(settings, clients.look_at(settings, everybody), pss=False)
    uses = [_of_client(one, now, counted) for one in seen]
    own = _of_acceptor(settings, now)
    room = _sum(settings, [*uses, *own], now)
    room = replace(room, sums=replace(room.sums, messages=counted.get("") if counted else None))
    wanted = {entry.name for entry in (everybody if meant is None else meant)}
    shown = [use for use in uses if use.entry and use.entry.name in wanted]
    return Ledger(end, [*shown, *own, room], seen)


def _of_client(seen: Look, now: float, counted: dict[str, int] | None) -> Use:
    entry = seen.entry
    both = [one for one in (seen.recv, seen.send) if one]
    sums, held = _processes(both)
    sums = replace(
        sums,
        bytes_in=seen.bytes_in,
        bytes_out=seen.bytes_out,
        messages=counted[entry.name] if counted else None,
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


def _messages(
    settings: Settings, entries: Sequence[Entry], end: int | None
) -> dict[str, int] | None:
    """How many records each client's user wrote since it joined, by entry; by "" all of them.

    None if too much of the log would have to be read.
    """
    if end is None or not entries:
        return None
    start = records.since(settings.state_dir, min(entry.since for entry in entries), end)
    if end - start > _COUNTED_AT_MOST:
        return None
    stamps: dict[str, list[str]] = defaultdict(list)
    for _, line in records.lines(settings.state_dir, start, end):
        stamps[line[28 : line.find(b" ", 28)].decode("ascii", "replace")].append(line[:27].decode())
    counted = {
        entry.name: len(known) - bisect_left(known, record.stamp(entry.since))
        for entry in entries
        for known in (stamps.get(entry.user, []),)
    }
    people = (len(known) for sender, known in stamps.items() if sender != record.SERVER)
    return counted | {"": sum(people)}
