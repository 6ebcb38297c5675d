"""Opened: the rooms that the screen had open when it ended, by the names of their profiles.

The first one is the room that was on the screen.
"""

from contextlib import suppress

from papayachat.disk import profile as profiles
from papayachat.disk.paths import make_private, state_dir
from papayad.errors import Fault
from papayad.system.files import write_whole


def load() -> list[str]:
    """Those whose profiles still exist; none the first time."""
    try:
        names = (state_dir() / "opened").read_text("utf-8", "replace").split()
    except OSError:
        return []
    there = profiles.names()
    return [name for name in dict.fromkeys(names) if name in there]


def save(names: list[str]) -> None:
    """Save them, without a word if the disk is full."""
    with suppress(OSError, Fault):
        write_whole(make_private(state_dir()) / "opened", f"{' '.join(names)}\n".encode())
