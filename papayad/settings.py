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
        "numeric addresses with ports; an IPv6 socket never accepts IPv4",
        numeric_addresses,
    )
    host: str = key("", "the name or address in invites; empty: papayactl guesses one", host_name)
    tls: str = key(
        "required",
        '"required", "optional" or "off" (off: on loopback addresses only)',
        one_of("required", "optional", "off"),
    )
    certificate: str = key(f"{ETC}/cert.pem", "the certificate chain, PEM", absolute)
    private_key: str = key(f"{ETC}/key.pem", "its key, which the group has to read", absolute)
    proxies: list[str] = key(
        [], "networks whose connections all begin with a PROXY protocol v2 header", networks
    )
    papayachat_compat: bool = key(
        False, "let the original papayaChat clients in (needs tls optional or off)"
    )

    @property
    def next_certificate(self) -> Path:
        """Where the one that is to follow is kept: its pin is announced before it is used."""
        return _next(self.certificate)

    @property
    def next_private_key(self) -> Path:
        return _next(self.private_key)


def _next(path: str) -> Path:
    return Path(path).with_name(f"next-{Path(path).name}")


@dataclass(frozen=True, slots=True)
class Service:
    user: str = key("papaya", "the user that papayad becomes when root starts it")
    group: str = key("papaya", "the group that may read the tokens and the key")
    state_dir: str = key(f"{STATE}/main", "the chat log, and who is connected", absolute)
    run_dir: str = key(f"{RUN}/main", "the pid file", absolute)
    tokens: str = key(
        f"{ETC}/tokens", "the file that says who may come in: see papayactl token", absolute
    )
    sandbox: str = key(
        "auto",
        'confine clients: "auto" (with what the machine has), "required" or "off"',
        one_of("auto", "required", "off"),
    )
    log_to: str = key("syslog", '"syslog" or "stderr"', one_of("syslog", "stderr"))


@dataclass(frozen=True, slots=True)
class Chatlog:
    durability: str = key(
        "disk",
        '"disk": on disk before anybody sees it; "kernel": survives a crash, not a power cut',
        one_of("disk", "kernel"),
    )
    segment_bytes: int = key(
        67108864, "a segment is sealed when the next record does not fit", at_least(256)
    )
    retain_bytes: int = key(
        0, "keep so many bytes of sealed segments at least; 0: keep all", at_least(0)
    )
    retain_days: int = key(
        0, "remove records that are older, a day at a time; 0: keep all", at_least(0)
    )


@dataclass(frozen=True, slots=True)
class Limits:
    max_clients: int = key(
        1000, "clients of the room, those of earlier acceptors included", at_least(1)
    )
    max_clients_per_user: int = key(8, "clients of one user: devices and bots", at_least(1))
    auth_seconds: float = key(
        5.0, "the time from the connection to a complete hello", at_least(0.1)
    )
    max_pending: int = key(
        2500, "connections without a valid token; above it one is closed", at_least(1)
    )
    max_pending_per_source: int = key(10, "the same, of one IPv4 address or IPv6 /64", at_least(1))
    penalty_threshold: float = key(
        10.0, "an address with so many points for failures is refused; 0: never", at_least(0)
    )
    penalty_half_life: float = key(
        60.0, "seconds after which half of the points are forgiven", at_least(1)
    )
    penalty_exempt: list[str] = key(
        ["127.0.0.0/8", "::1/128"], "networks that are never penalized", networks
    )
    dead_peer_seconds: int = key(
        60, "a client whose machine does not answer ends after this", between(3, 65534)
    )
    message_bytes: int = key(
        8192, "the longest line that a client may send, without its LF", between(64, 1048576)
    )
    messages_per_second: float = key(
        20.0, "of one client; what it sends faster is read later", at_least(0.01)
    )
    message_burst: int = key(100, "how many messages one client may send at once", at_least(1))
    history_lines: int = key(
        50, "how many records a client gets that does not say where to begin", at_least(0)
    )
    cpu_seconds: int = key(
        0, "processor time that each process of a client may use; 0: no limit", at_least(0)
    )
    linger_ms: float = key(
        5.0, "each client gets data once in this time at most, which bounds the cost", at_least(0)
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
