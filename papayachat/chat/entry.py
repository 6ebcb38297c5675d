"""Entries: what stands in the screen one below the other, before it is laid out.

Values that can be compared and hashed, so that the layout of one need not be done twice.
"""

from dataclasses import dataclass
from enum import Enum

Key = tuple[int, int, int]  # address, rank, number: the order in which entries stand
NOTE, LINE, WAITING = 0, 1, 2  # ranks: at one address a note stands before the line
END: Key = (1 << 80, 3, 0)  # after everything


class Kind(Enum):
    SAID = "said"
    HAPPENED = "happened"  # the server's own record
    FOLDED = "folded"  # joins and parts in a row
    STRANGE = "strange"  # a line that is no record
    NOTE = "note"  # from this program, to who sits here
    WAITING = "waiting"  # ours, not in the log yet
    REFUSED = "refused"  # ours, and never will be


@dataclass(frozen=True, slots=True)
class Entry:
    """`end` is the address after it; `day` stands above it when the day is another one than
    above; `unread`: a line that says so stands above it, and one that says `hole`, where it is."""

    key: Key
    end: int
    kind: Kind
    text: str
    stamp: str = ""
    sender: str = ""
    day: str = ""
    unread: bool = False
    hole: str = ""
