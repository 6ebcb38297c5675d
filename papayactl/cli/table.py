"""Tables of plain text: columns as wide as their widest cell, nothing behind the last one.

A leaf. Into a pipe goes all of it. A terminal's table fits its width: the columns that one can do
best without go first, then the widest cell is shortened.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_GAP = "  "
_SHORTENED = "…"
_LEAST = 8  # characters that a shortened cell keeps


@dataclass(frozen=True, slots=True)
class Column:
    """`rank` tells which column a narrow terminal drops first: the highest; 0 stays."""

    heading: str
    right: bool = False
    rank: int = 0


def lines(
    columns: Sequence[Column | str],
    rows: Sequence[Sequence[str]],
    width: int | None = None,
    heading: bool = True,
) -> list[str]:
    """A heading and a line for each row; no rows, no heading. `width` is a terminal's, or None."""
    if not rows:
        return []
    known = [Column(one) if isinstance(one, str) else one for one in columns]
    cells = [[column.heading for column in known], *map(list, rows)]
    if not heading:
        del cells[0]
    if width is not None:
        known, cells = _dropped(known, cells, width)
        _shorten(known, cells, width)
    widths = _widths(cells)
    return [
        _GAP.join(
            cell.rjust(width) if column.right else cell.ljust(width)
            for column, cell, width in zip(known, row, widths, strict=True)
        ).rstrip()
        for row in cells
    ]


def pairs(rows: Sequence[tuple[str, str]], indent: str = "") -> list[str]:
    """A line for each name and its value, the values below each other; "" is an empty line."""
    widest = max((len(name) for name, _ in rows), default=0)
    return [f"{indent}{name.ljust(widest)}{_GAP}{value}".rstrip() for name, value in rows]


def _widths(cells: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*cells, strict=True)]


def _total(cells: Sequence[Sequence[str]]) -> int:
    widths = _widths(cells)
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _dropped(
    known: list[Column], cells: list[list[str]], width: int
) -> tuple[list[Column], list[list[str]]]:
    while _total(cells) > width:
        place = max(range(len(known)), key=lambda at: (known[at].rank, at))
        if known[place].rank == 0:
            break
        known = known[:place] + known[place + 1 :]
        cells = [row[:place] + row[place + 1 :] for row in cells]
    return known, cells


def _shorten(known: list[Column], cells: list[list[str]], width: int) -> None:
    surplus = _total(cells) - width
    if surplus <= 0:
        return
    widths = _widths(cells)
    place = max(range(len(known)), key=lambda at: (not known[at].right, widths[at]))
    left = max(_LEAST, widths[place] - surplus)
    for row in cells:
        if len(row[place]) > left:
            row[place] = row[place][: left - 1] + _SHORTENED
