"""Checks who may read and change the files with a room's secrets (design section 3).

A leaf, used at start and at every reload. A key that everybody can read is no secret, and is
refused. A token file has only digests: if everybody can read it, it gives names away, and there is
a warning; if everybody can write it, everybody could come in, and it is refused.
"""

import os
from pathlib import Path

from papayad.errors import CONFIGURATION, Fault

_OTHERS_READ, _OTHERS_WRITE = 0o004, 0o002


def refuse_open_key(path: Path) -> None:
    """Raise a Fault (78) if others than owner and group can read or change it; or OSError."""
    if os.stat(path).st_mode & (_OTHERS_READ | _OTHERS_WRITE):
        why = "everybody on this machine can read or change it"
        raise Fault(str(path), why, f"make a new key, and chmod 640 {path}", code=CONFIGURATION)


def refuse_open_door(path: Path) -> None:
    """Raise a Fault (78) if everybody can add a token or remove a ban; or OSError."""
    if os.stat(path).st_mode & _OTHERS_WRITE:
        why = "everybody on this machine can change it"
        raise Fault(str(path), why, f"look through it, and chmod 640 {path}", code=CONFIGURATION)


def indiscretion(path: Path) -> str:
    """The warning about a file of names that everybody can read; else an empty string."""
    try:
        open_to_all = os.stat(path).st_mode & _OTHERS_READ
    except OSError:
        return ""
    if not open_to_all:
        return ""
    return f"{path}: everybody on this machine can read who may come in: chmod 640 {path}"
