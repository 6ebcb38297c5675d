"""Opened: the rooms that the screen had open when it went away, by the names of their profiles.

The first one is that which was in sight.
"""

from contextlib import suppress

from papayachat.disk import profile as profiles
from papayachat.disk.paths import make_private, state_dir
from papayad.errors import Fault
from papayad.system.files import write_whole


def load() -> list[str]:
    """Those that are still there; none the first time."""
    try:
        names = (state_dir() / "opened").read_text("utf-8", "replace").split()
    except OSError:
        return []
    there = profiles.names()
    return [name for name in dict.fromkeys(names) if name in there]


def save(names: list[str]) -> None:
    """Not worth a word when the disk is full."""
    with suppress(OSError, Fault):
        write_whole(make_private(state_dir()) / "opened", f"{' '.join(names)}\n".encode())
