"""Where papayachat keeps its files (XDG Base Directory Specification).

Profiles hold a token and are configuration; what was not yet delivered is state; the copy of a room
is data. All are private: the directories are made 0700, so that even a file's name tells nobody
anything.
"""

import os
from pathlib import Path

from papayad.errors import Fault, denied_or, reason


def config_dir() -> Path:
    return _base("XDG_CONFIG_HOME", ".config") / "papaya"


def state_dir() -> Path:
    return _base("XDG_STATE_HOME", ".local/state") / "papaya"


def data_dir() -> Path:
    return _base("XDG_DATA_HOME", ".local/share") / "papaya"


def make_private(path: Path) -> Path:
    """Make a directory, and its parents, for this user only; an existing one stays as it is."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise Fault(str(path), reason(error), code=denied_or(error, 1)) from error
    return path


def _base(variable: str, default: str) -> Path:
    given = os.environ.get(variable, "")
    # A relative path is invalid and has to be ignored, says the specification.
    return Path(given) if given.startswith("/") else Path.home() / default
