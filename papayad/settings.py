"""The settings: keys, defaults, meanings and checks in one table (design section 2).

A leaf: papayad and papayactl read it. The dataclasses below are the table. A field's type, default,
comment and check are all that there is to know of a key, so `--check`, `papayactl init` and
papayad.toml(5) say the same.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from papayad.formats.address import host_name, networks, numeric_addresses

# Where things are by default. A package for another system changes these three lines.
ETC = "/etc/papaya"
STATE = "/var/lib/papaya"
RUN = "/run/papaya"


def key(default: Any, comment: str, check: Callable[[Any], str] | None = None) -> Any:
    """A key of the configuration; `check` returns why a value is impossible, or an empty string."""
    metadata = {"comment": comment, "check": check}
    if isinstance(default, list):
        return field(default_factory=lambda: list(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def one_of(*words: str) -> Callable[[str], str]:
    names = ", ".join(f'"{word}"' for word in words)
    return lambda value: "" if value in words else f"has to be one of {names}"


def at_least(least: float) -> Callable[[float], str]:
    return lambda value: "" if value >= least else f"has to be {least} or more"


def between(least: float, most: float) -> Callable[[float], str]:
    return lambda value: "" if least <= value <= most else f"has to be {least} to {most}"


def absolute(value: str) -> str:
    plain = value.startswith("/") and not re.search(r"[\x00-\x1f\x7f]", value)
    return "" if plain else "has to be an absolute path"


@dataclass(frozen=True, slots=True)
class Listen:
    addresses: list[str] = key(
        ["0.0.0.0:7722", "[::]:7722"],
        "numeric addresses with ports; an IPv6 one never takes IPv4 along",
        numeric_addresses,
    )
    host: str = key("", "the name or address that invites carry; empty: a guess", host_name)
    tls: str = key(
        "required",
        '"required", "optional" or "off" (off: on loopback addresses only)',
        one_of("required", "optional", "off"),
    )
    certificate: str = key(f"{ETC}/cert.pem", "the certificate chain, PEM", absolute)
    private_key: str = key(f"{ETC}/key.pem", "its key, readable by the group", absolute)
    proxies: list[str] = key(
        [], "addresses whose connections begin with a PROXY protocol v2 header, always", networks
    )
    papayachat_compat: bool = key(
        False, "let the original papayaChat clients in (needs tls optional or off)"
    )


@dataclass(frozen=True, slots=True)
class Service:
    user: str = key("papaya", "dropped to when started as root")
    group: str = key("papaya", "the group that may read the tokens and the key")
    state_dir: str = key(f"{STATE}/main", "the chat log, live groups, roster", absolute)
    run_dir: str = key(f"{RUN}/main", "the pid file", absolute)
    tokens: str = key(f"{ETC}/tokens", "who may come in: papayactl token", absolute)
    sandbox: str = key(
        "auto",
        'of clients\' processes: "auto" (what there is of seccomp, Landlock), "required", "off"',
        one_of("auto", "required", "off"),
    )
    log_to: str = key("syslog", '"syslog" or "stderr"', one_of("syslog", "stderr"))


@dataclass(frozen=True, slots=True)
class Chatlog:
    durability: str = key(
        "disk",
        '"disk": on disk before anyone sees it; "kernel": survives our crash, not the power\'s',
        one_of("disk", "kernel"),
    )
    segment_bytes: int = key(
        67108864, "a segment is sealed when the next record does not fit", at_least(256)
    )
    retain_bytes: int = key(0, "sealed segments beyond this are removed; 0: keep all", at_least(0))
    retain_days: int = key(
        0, "records older than this are removed, a day at a time; 0: keep all", at_least(0)
    )


@dataclass(frozen=True, slots=True)
class Limits:
    max_clients: int = key(1000, "of all generations of the acceptor", at_least(1))
    max_clients_per_user: int = key(8, "devices and bots of one user", at_least(1))
    auth_seconds: float = key(5.0, "from the connection to a complete hello", at_least(0.1))
    max_pending: int = key(
        1000, "unauthenticated connections; above it one is evicted", at_least(1)
    )
    max_pending_per_source: int = key(10, "of one IPv4 address or IPv6 /64", at_least(1))
    penalty_threshold: float = key(
        10.0, "points of failures from which on a source is refused; 0: never", at_least(0)
    )
    penalty_half_life: float = key(
        60.0, "seconds in which half of a source's points fade", at_least(1)
    )
    penalty_exempt: list[str] = key(
        ["127.0.0.0/8", "::1/128"], "networks that are never penalized", networks
    )
    dead_peer_seconds: int = key(
        60, "a client whose host is gone ends after this", between(3, 65534)
    )
    message_bytes: int = key(
        8192, "of a line that a client sends, without its LF", between(64, 1048576)
    )
    messages_per_second: float = key(
        20.0, "of one client, sustained; more is read later", at_least(0.01)
    )
    message_burst: int = key(100, "of one client, at once", at_least(1))
    history_lines: int = key(50, "what a client gets that does not say where to begin", at_least(0))
    cpu_seconds: int = key(
        0, "processor time that one process of a client may use; 0: any", at_least(0)
    )
    linger_ms: float = key(
        5.0, "a SEND sends once in so long at most: cost is bounded under load", at_least(0)
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """An effective configuration. `path` is where it came from."""

    room: str
    path: Path
    listen: Listen
    service: Service
    chatlog: Chatlog
    limits: Limits

    @property
    def state_dir(self) -> Path:
        return Path(self.service.state_dir)

    @property
    def pid_file(self) -> Path:
        return Path(self.service.run_dir) / "papayad.pid"

    @property
    def tokens(self) -> Path:
        return Path(self.service.tokens)

    @property
    def bans(self) -> Path:
        """The bans are beside the tokens: rooms with the same users keep the same users out."""
        return self.tokens.with_name("bans")


SECTIONS = {"listen": Listen, "service": Service, "chatlog": Chatlog, "limits": Limits}
