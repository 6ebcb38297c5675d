"""Entries: the things that the screen shows one below the other, before they are laid out.

They are values that can be compared and hashed, so that none has to be laid out twice.
"""

from dataclasses import dataclass
from enum import Enum

Key = tuple[int, int, int]  # address, rank, number: the order in which entries stand
NOTE, LINE, WAITING = 0, 1, 2  # ranks: at one address a note stands before the line
END: Key = (1 << 80, 3, 0)  # comes after everything


class Kind(Enum):
    SAID = "said"
    HAPPENED = "happened"  # the server's own record
    FOLDED = "folded"  # joins and parts in a row
    STRANGE = "strange"  # a line that is no record
    NOTE = "note"  # from this program to the person here
    WAITING = "waiting"  # our message, not in the log yet
    REFUSED = "refused"  # our message, which will never be in the log


@dataclass(frozen=True, slots=True)
class Entry:
    """`end` is the address after it. `day` is shown above it if it differs from the day above.
    `unread`: a line above says so; `hole` is the text of another line above, if there is one."""

    key: Key
    end: int
    kind: Kind
    text: str
    stamp: str = ""
    sender: str = ""
    day: str = ""
    unread: bool = False
    hole: str = ""
