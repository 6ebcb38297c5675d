"""The cursor: how far into which log this client has read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cursor:
    """`log` is the log's identity; `offset` is where the next record stands (design section 3)."""

    log: str
    offset: int
