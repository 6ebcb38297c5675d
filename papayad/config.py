"""The configuration file: found, read, judged and written (design section 2).

An unknown key, a wrong type or an impossible value is a problem, never ignored. The keys are in
settings.py.
"""

import os
import tomllib
from dataclasses import Field, asdict, fields
from pathlib import Path
from typing import Any

from papayad.errors import CONFIGURATION, USAGE, Fault, denied_or, reason
from papayad.formats.address import is_loopback, numeric_addresses
from papayad.formats.record import NAME
from papayad.settings import ETC, RUN, SECTIONS, STATE, Settings

DEFAULT_ROOM = "main"
ENVIRONMENT = "PAPAYA_CONFIG"

_TYPE_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}


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
    return Path(option or os.environ.get(ENVIRONMENT) or f"{ETC}/{room}.toml").absolute()


def load(path: Path, room: str) -> Settings:
    """The configuration of a room; raises Problems, or a Fault when the file cannot be read."""
    settings, problems = judge(read(path), path, room)
    if problems:
        raise Problems(path, problems)
    return settings


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


def judge(table: dict[str, Any], path: Path, room: str) -> tuple[Settings, list[str]]:
    """The configuration, with defaults for what is wrong, and a line for each problem."""
    problems = [f"{name}: unknown section or key" for name in table if name not in SECTIONS]
    sections = {}
    for name, kind in SECTIONS.items():
        sections[name] = _section(name, kind, table.get(name, {}), room, problems)
    settings = Settings(room, path, **sections)
    return settings, problems + _across(settings)


def render(settings: Settings) -> str:
    """The configuration as TOML with a comment for each key, every value spelled out."""
    lines = [
        f"# papaya room {settings.room}; see papayad.toml(5). papayad --check tells what is wrong."
    ]
    for name in SECTIONS:
        lines += ["", f"[{name}]"]
        section = getattr(settings, name)
        for known in fields(section):
            comment = known.metadata["comment"]
            lines.append(f"{known.name} = {_toml(getattr(section, known.name))}  # {comment}")
    return "\n".join(lines) + "\n"


def defaults(room: str, path: Path, **changes: dict[str, Any]) -> Settings:
    """The default configuration of a room, with `changes` by section (for papayactl init)."""
    sections = {
        name: kind(**(_room_defaults(name, room) | changes.get(name, {})))
        for name, kind in SECTIONS.items()
    }
    return Settings(room, path, **sections)


def as_dict(settings: Settings) -> dict[str, Any]:
    """The sections as plain values, for JSON."""
    return {name: asdict(getattr(settings, name)) for name in SECTIONS}


def _room_defaults(section: str, room: str) -> dict[str, Any]:
    if section != "service":
        return {}
    return {"state_dir": f"{STATE}/{room}", "run_dir": f"{RUN}/{room}"}


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
            return f"has to be {_TYPE_NAMES[float]}"
        if value != value or value in (float("inf"), float("-inf")):
            return "has to be finite"
    elif type(value) is not known.type:
        return f"has to be {_TYPE_NAMES[type(known.default)]}"
    check = known.metadata["check"]
    return check(value) if check else ""


def _across(settings: Settings) -> list[str]:
    """What is wrong only because two values do not go together."""
    problems = []
    listen = settings.listen
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
