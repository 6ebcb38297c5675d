"""Where papayachat keeps its files (XDG Base Directory Specification).

Profiles hold a token and are configuration; what was not delivered yet is state; the copy of a room
is data. All are private: the directories are made with mode 0700, so that others cannot even see
the names of files.
"""

import os
import secrets
from pathlib import Path

from papayad.errors import Fault, denied_or, reason


def config_dir() -> Path:
    return _base("XDG_CONFIG_HOME", ".config") / "papaya"


def state_dir() -> Path:
    return _base("XDG_STATE_HOME", ".local/state") / "papaya"


def data_dir() -> Path:
    return _base("XDG_DATA_HOME", ".local/share") / "papaya"


def spare_dir() -> Path:
    """A directory of this process only, in memory if possible, for what the disk does not take. It
    is made when it is needed, and removed with the process."""
    places = [os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm", "/tmp"]
    place = next((each for each in places if each and os.access(each, os.W_OK)), "/tmp")
    return Path(place) / f"papayachat-{secrets.token_hex(16)}"


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
    # The specification says that a relative path is invalid and has to be ignored.
    return Path(given) if given.startswith("/") else Path.home() / default
