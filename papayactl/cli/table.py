"""Tables of plain text: columns as wide as their widest cell, no spaces after the last one.

A pipe gets the whole table. On a terminal the table fits the width: first the least important
columns are left out, then the widest cell is shortened.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from papayactl.cli import cells

_GAP = "  "
_ELLIPSIS = "…"
_SHORTENED_TO_AT_LEAST = 8  # the width that a shortened cell keeps


@dataclass(frozen=True, slots=True)
class Column:
    """A narrow terminal first drops the column with the highest `rank`; one with 0 stays."""

    heading: str
    right: bool = False
    rank: int = 0


def lines(
    columns: Sequence[Column | str],
    rows: Sequence[Sequence[str]],
    width: int | None = None,
    heading: bool = True,
) -> list[str]:
    """A heading and a line for each row, or nothing. `width` is that of a terminal, or None."""
    if not rows:
        return []
    known = [Column(one) if isinstance(one, str) else one for one in columns]
    body = [[cells.plain(cell) for cell in row] for row in rows]
    if heading:
        body.insert(0, [column.heading for column in known])
    if width is not None:
        known, body = _dropped(known, body, width)
        _shorten(known, body, width)
    widths = _widths(body)
    return [
        _GAP.join(
            cells.fill(cell, width, column.right)
            for column, cell, width in zip(known, row, widths, strict=True)
        ).rstrip()
        for row in body
    ]


def pairs(rows: Sequence[tuple[str, str]], indent: str = "") -> list[str]:
    """A line for each name and value, with aligned values; "" makes an empty line."""
    widest = max((cells.width(name) for name, _ in rows), default=0)
    return [f"{indent}{cells.fill(name, widest)}{_GAP}{value}".rstrip() for name, value in rows]


def _widths(body: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(cells.width, column)) for column in zip(*body, strict=True)]


def _total(body: Sequence[Sequence[str]]) -> int:
    widths = _widths(body)
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _dropped(
    known: list[Column], body: list[list[str]], width: int
) -> tuple[list[Column], list[list[str]]]:
    while _total(body) > width:
        place = max(range(len(known)), key=lambda at: (known[at].rank, at))
        if known[place].rank == 0:
            break
        known = known[:place] + known[place + 1 :]
        body = [row[:place] + row[place + 1 :] for row in body]
    return known, body


def _shorten(known: list[Column], body: list[list[str]], width: int) -> None:
    surplus = _total(body) - width
    if surplus <= 0:
        return
    widths = _widths(body)
    place = max(range(len(known)), key=lambda at: (not known[at].right, widths[at]))
    left = max(_SHORTENED_TO_AT_LEAST, widths[place] - surplus)
    for row in body:
        if cells.width(row[place]) > left:
            row[place] = cells.cut(row[place], left - 1) + _ELLIPSIS
