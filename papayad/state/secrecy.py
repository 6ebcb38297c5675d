"""Who may read and change the files that keep a room's secrets (design section 3).

A leaf, asked at start and at every reload. A key that everybody can read is no secret: it is
refused. A token file holds only digests, so one that everybody can read gives names away and is
warned of; one that everybody can write lets everybody in, and is refused.
"""

import os
from pathlib import Path

from papayad.errors import CONFIGURATION, Fault

_OTHERS_READ, _OTHERS_WRITE = 0o004, 0o002


def refuse_open_key(path: Path) -> None:
    """Raises a Fault (78) when others than owner and group can read or change it; OSError."""
    if os.stat(path).st_mode & (_OTHERS_READ | _OTHERS_WRITE):
        why = "everybody on this machine can read or change it"
        raise Fault(str(path), why, f"make a new key, and chmod 640 {path}", code=CONFIGURATION)


def refuse_open_door(path: Path) -> None:
    """Raises a Fault (78) when everybody could write himself in, or a ban out; OSError."""
    if os.stat(path).st_mode & _OTHERS_WRITE:
        why = "everybody on this machine can change it"
        raise Fault(str(path), why, f"look through it, and chmod 640 {path}", code=CONFIGURATION)


def indiscretion(path: Path) -> str:
    """What is to be said of a file of names that everybody can read; nothing of another."""
    try:
        open_to_all = os.stat(path).st_mode & _OTHERS_READ
    except OSError:
        return ""
    if not open_to_all:
        return ""
    return f"{path}: everybody on this machine can read who may come in: chmod 640 {path}"
