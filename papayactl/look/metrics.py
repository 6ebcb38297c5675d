"""The room as OpenMetrics text, for node_exporter's textfile collector.

It is written without a library: the format is a name, labels and a number on each line. What
clients have used is a gauge of those that are here, since it is gone when a client leaves.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from papayactl.look import overview
from papayactl.look.overview import Overview
from papayactl.look.usage import ACCEPTOR, Use
from papayad.errors import Fault
from papayad.settings import Settings
from papayad.state import tokens

Sample = tuple[dict[str, str], float | int | None]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric: samples whose value is None are not known, and left out."""

    name: str
    kind: str  # gauge or counter
    help: str
    samples: Sequence[Sample]


def collect(settings: Settings) -> list[Family]:
    """Read all metrics. A Fault (77) if we may not see the clients."""
    seen = overview.overview(settings)
    uses = seen.used.uses
    room = {"room": settings.room}
    return [*_of_room(settings, seen, room), *_of_acceptor(uses, room), *_of_users(uses, room)]


def render(families: Iterable[Family]) -> str:
    lines = []
    for family in families:
        if all(value is None for _, value in family.samples):
            continue
        lines += [f"# TYPE {family.name} {family.kind}", f"# HELP {family.name} {family.help}"]
        suffix = "_total" if family.kind == "counter" else ""
        for labels, value in family.samples:
            if value is not None:
                named = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
                lines.append(f"{family.name}{suffix}{{{named}}} {value}")
    return "\n".join([*lines, "# EOF"]) + "\n"


def _of_room(settings: Settings, seen: Overview, room: dict[str, str]) -> list[Family]:
    def gauge(name: str, help: str, value: float | int | None) -> Family:
        return Family(f"papaya_{name}", "gauge", help, [(room, value)])

    return [
        gauge("up", "Whether new clients are let in.", int(seen.acceptor.lets_in)),
        gauge("configuration_changed", "Whether the file is not what is loaded.", _flag(seen)),
        gauge("clients", "Clients that are here.", seen.clients),
        gauge("clients_max", "How many may be here.", seen.most),
        gauge("clients_frozen", "Clients that are frozen.", seen.frozen),
        gauge("clients_blocked", "Clients that do not read.", seen.blocked),
        gauge("clients_earlier", "Clients of an earlier acceptor.", seen.acceptor.earlier),
        gauge("users", "Users who are here.", len(seen.users)),
        gauge("users_refused", "Users whose connections are refused.", len(seen.refused)),
        gauge("users_muted", "Users who write nothing.", len(seen.muted)),
        gauge("tokens", "Tokens in the file.", _tokens(settings)),
        gauge("memory_pss_bytes", "Memory of all processes, shared pages once.", _pss(seen)),
        gauge("lag_bytes", "The largest lag of a client.", seen.used.room.lag),
        gauge("log_segments", "Segments of the log.", seen.log.segments),
        gauge("log_size_bytes", "The log on the disk.", seen.log.bytes),
        gauge("disk_free_bytes", "Free for the log.", seen.log.free),
        gauge("certificate_expiry_seconds", "When it expires, Unix time.", seen.expires),
        Family("papaya_log_bytes", "counter", "Bytes ever said.", [(room, seen.log.end)]),
    ]


def _of_acceptor(uses: Sequence[Use], room: dict[str, str]) -> list[Family]:
    own = next((use for use in uses if use.kind == ACCEPTOR), None)
    if own is None:
        return []
    used = None if own.sums.cpu is None else own.sums.cpu / 1e9
    return [
        Family("papaya_acceptor_cpu_seconds", "counter", "Of this acceptor.", [(room, used)]),
        Family("papaya_acceptor_rss_bytes", "gauge", "Of this acceptor.", [(room, own.held.rss)]),
    ]


def _of_users(uses: Sequence[Use], room: dict[str, str]) -> list[Family]:
    mine: dict[str, list[Use]] = {}
    for use in uses:
        if use.entry:
            mine.setdefault(use.entry.user, []).append(use)

    def family(name: str, help: str, amount: Callable[[Use], Any], join: Any = sum) -> Family:
        samples = []
        for user, own in sorted(mine.items()):
            known = [amount(use) for use in own]
            value = None if None in known else join(known)
            samples.append((room | {"user": user}, value))
        return Family(f"papaya_user_{name}", "gauge", help, samples)

    return [
        family("clients", "Clients of a user.", lambda use: 1),
        family("cpu_seconds", "CPU time of the clients that are here.", _cpu),
        family("memory_pss_bytes", "Memory of them.", lambda use: use.held.pss),
        family("received_bytes", "What they sent.", lambda use: use.sums.bytes_in),
        family("sent_bytes", "What was sent to them.", lambda use: use.sums.bytes_out),
        family("lag_bytes", "The largest lag among them.", lambda use: use.lag, max),
    ]


def _cpu(use: Use) -> float | None:
    return None if use.sums.cpu is None else use.sums.cpu / 1e9


def _flag(seen: Overview) -> int | None:
    return None if seen.acceptor.changed is None else int(seen.acceptor.changed)


def _pss(seen: Overview) -> int | None:
    return seen.used.room.held.pss


def _tokens(settings: Settings) -> int | None:
    try:
        return len(tokens.read_tokens(settings.tokens))
    except Fault:
        return None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
