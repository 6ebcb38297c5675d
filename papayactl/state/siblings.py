"""The other rooms of this machine: the configurations beside this one (design section 1).

Rooms may share a certificate and a token file. A change to a shared file has to take effect in
every room that uses it, and a new room must not take the port of another.
"""

from collections.abc import Iterator
from pathlib import Path

from papayad import config
from papayad.errors import Fault
from papayad.formats.record import NAME
from papayad.settings import Settings


def beside(path: Path) -> Iterator[Settings]:
    """The other rooms whose configurations are in the same directory and can be read."""
    for other in sorted(path.parent.glob("*.toml")):
        if other != path and NAME.match(other.stem):
            try:
                yield config.load(other, other.stem)
            except Fault:
                continue  # papayad --check of that room says what is wrong with it


def sharing_tokens(own: Settings) -> list[Settings]:
    """The rooms that use this room's token file, this room first."""
    return [own, *(other for other in beside(own.path) if other.tokens == own.tokens)]
