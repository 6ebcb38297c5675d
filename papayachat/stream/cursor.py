"""The cursor: how far into which log this client has read."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Cursor:
    """`log` is the log's identity, `offset` is where the next record stands, and `check` says what
    the one before it was, where that is known (design section 3)."""

    log: str
    offset: int
    check: str = field(default="", compare=False)
