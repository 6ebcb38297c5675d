"""A configuration with mistakes, as far as it can be read.

For commands that show and end clients: they need state_dir and little else, and are needed most on
a day when somebody broke the file. A command that changes a room never reads its configuration this
way.
"""

from pathlib import Path
from typing import Any

from papayad import config
from papayad.config import Problems
from papayad.settings import Settings

# Where the clients are, and the user that writes the log: these are never guessed.
_NEEDED = ("state_dir", "user", "group")


def load(path: Path, room: str) -> tuple[Settings, list[str]]:
    """The configuration, with defaults for what is wrong, and the list of what is wrong.

    A Fault (77, 78) if it cannot be read, is not TOML, or does not say for certain where the state
    is.
    """
    table = config.read(path)
    found, problems = config.judge(table, path, room)
    if not _is_certain(table, problems):
        raise Problems(path, problems)
    return found, problems


def _is_certain(table: dict[str, Any], problems: list[str]) -> bool:
    """Whether the keys that are needed are right: given, or certainly left out.

    An unknown key of the section, or an unknown section, may be a misspelt one of these.
    """
    places = [line.partition(":")[0].partition(".") for line in problems]
    if any(section == "service" and key in _NEEDED for section, _, key in places):
        return False
    service = table.get("service")
    if isinstance(service, dict) and all(name in service for name in _NEEDED):
        return True
    return not any(section == "service" or not key or key in _NEEDED for section, _, key in places)
