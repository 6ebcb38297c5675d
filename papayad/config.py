"""The configuration: keys, defaults, meanings and checks in one table (design section 2).

A leaf: papayad and papayactl read it. The dataclasses below are the table: a field's type,
default, comment and check are all that is known of a key, so that `--check`, `papayactl init` and
papayad.toml(5) say the same. An unknown key, a wrong type or an impossible value is a problem,
never ignored.
"""

import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from papayad.address import host_name, is_loopback, networks, numeric_addresses
from papayad.errors import CONFIGURATION, USAGE, Fault, denied_or, reason
from papayad.record import NAME

DEFAULT_ROOM = "main"
ENVIRONMENT = "PAPAYA_CONFIG"

TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


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
    certificate: str = key("/etc/papaya/cert.pem", "the certificate chain, PEM", absolute)
    private_key: str = key("/etc/papaya/key.pem", "its key, readable by the group", absolute)
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
    state_dir: str = key("/var/lib/papaya/main", "the chat log, live groups, roster", absolute)
    run_dir: str = key("/run/papaya/main", "the pid file", absolute)
    tokens: str = key("/etc/papaya/tokens", "who may come in: papayactl token", absolute)
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
        0, "sealed segments older than this are removed; 0: keep all", at_least(0)
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
class Config:
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
        """Beside the tokens: rooms that let in the same people keep out the same."""
        return self.tokens.with_name("bans")


SECTIONS = {"listen": Listen, "service": Service, "chatlog": Chatlog, "limits": Limits}


class Problems(Fault):
    """Everything that is wrong with a configuration, a line each: file, key, why."""

    def __init__(self, path: Path, lines: list[str]) -> None:
        remedy = "" if len(lines) == 1 else f"and {len(lines) - 1} more: see papayad --check"
        super().__init__(str(path), lines[0], remedy, code=CONFIGURATION)
        self.path = path
        self.lines = lines


def find(option: str | None, room: str) -> Path:
    """Where the configuration is: `--config`, $PAPAYA_CONFIG, /etc/papaya/ROOM.toml."""
    if not NAME.match(room):
        raise Fault("--room", f'"{room}" is no room name', "use a-z 0-9 . _ -", code=USAGE)
    return Path(option or os.environ.get(ENVIRONMENT) or f"/etc/papaya/{room}.toml").absolute()


def load(path: Path, room: str) -> Config:
    """The configuration of a room; raises Problems, or a Fault when the file cannot be read."""
    config, problems = judge(read(path), path, room)
    if problems:
        raise Problems(path, problems)
    return config


def read(path: Path) -> dict[str, Any]:
    """The file as TOML; raises Problems, or a Fault when it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        code = denied_or(error, CONFIGURATION)
        remedy = "run papayactl init, or name the file with --config"
        if code != CONFIGURATION:
            remedy = "run it as root or as the service's user"
        raise Fault(str(path), reason(error), remedy, code=code) from error
    except UnicodeDecodeError:
        raise Problems(path, ["not UTF-8"]) from None
    except tomllib.TOMLDecodeError as error:
        raise Problems(path, [f"not TOML: {error}"]) from error


def judge(table: dict[str, Any], path: Path, room: str) -> tuple[Config, list[str]]:
    """The configuration, with defaults for what is wrong, and a line for each problem."""
    problems = [f"{name}: unknown section or key" for name in table if name not in SECTIONS]
    sections = {}
    for name, kind in SECTIONS.items():
        sections[name] = _section(name, kind, table.get(name, {}), room, problems)
    config = Config(room, path, **sections)
    return config, problems + _across(config)


def render(config: Config) -> str:
    """The configuration as TOML with a comment for each key, every value spelled out."""
    lines = [
        f"# papaya room {config.room}; see papayad.toml(5). papayad --check tells what is wrong."
    ]
    for name in SECTIONS:
        lines += ["", f"[{name}]"]
        section = getattr(config, name)
        for known in fields(section):
            comment = known.metadata["comment"]
            lines.append(f"{known.name} = {_toml(getattr(section, known.name))}  # {comment}")
    return "\n".join(lines) + "\n"


def defaults(room: str, path: Path, **changes: dict[str, Any]) -> Config:
    """The default configuration of a room, with `changes` by section (for papayactl init)."""
    sections = {
        name: kind(**(_room_defaults(name, room) | changes.get(name, {})))
        for name, kind in SECTIONS.items()
    }
    return Config(room, path, **sections)


def as_dict(config: Config) -> dict[str, Any]:
    """The sections as plain values, for JSON."""
    return {name: asdict(getattr(config, name)) for name in SECTIONS}


def _room_defaults(section: str, room: str) -> dict[str, Any]:
    if section != "service":
        return {}
    return {"state_dir": f"/var/lib/papaya/{room}", "run_dir": f"/run/papaya/{room}"}


def _section(name: str, kind: Any, given: Any, room: str, problems: list[str]) -> Any:
    if not isinstance(given, dict):
        problems.append(f"{name}: has to be a section, [{name}]")
        given = {}
    known = {one.name: one for one in fields(kind)}
    values = _room_defaults(name, room)
    for word, value in given.items():
        if word not in known:
            problems.append(f"{name}.{word}: unknown key")
            continue
        why = _wrong(known[word], value)
        if why:
            problems.append(f"{name}.{word}: {why}")
        else:
            values[word] = float(value) if known[word].type is float else value
    return kind(**values)


def _wrong(known: Field[Any], value: Any) -> str:
    if known.type == list[str]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            return "has to be a list of strings"
    elif known.type is float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"has to be {TYPE_NAMES[float]}"
        if value != value or value in (float("inf"), float("-inf")):
            return "has to be finite"
    elif type(value) is not known.type:
        return f"has to be {TYPE_NAMES[type(known.default)]}"
    check = known.metadata["check"]
    return check(value) if check else ""


def _across(config: Config) -> list[str]:
    """What is wrong only in combination."""
    problems = []
    listen = config.listen
    if listen.tls == "off" and numeric_addresses(listen.addresses) == "":
        for address in listen.addresses:
            if not is_loopback(address):
                problems.append(f'listen.tls: "off" is refused, since {address} is not loopback')
    if listen.papayachat_compat and listen.tls == "required":
        problems.append('listen.papayachat_compat: needs tls "optional" or "off"')
    return problems


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
