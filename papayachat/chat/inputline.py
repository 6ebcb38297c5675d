"""The input line: what is typed, as rows, and where the cursor stands in them. Pure.

Drawn by the same rules as what is said: what a terminal would draw otherwise than it is counted
shifts everything behind it, until somebody has it drawn again.
"""

from typing import NamedTuple

from papayachat.chat.cells import Cell, Row, breaks, joined, styled
from papayachat.chat.glyphs import Glyph, placed

_NARROWEST = 8
_END = Cell("", Glyph(" ", 1))  # where the cursor stands behind the last character of a row

Spots = list[tuple[int, Glyph]]  # glyphs, and the place in what is typed that each begins at


class Drawn(NamedTuple):
    """`x` counts characters of the row `y`, not columns."""

    rows: list[Row]
    x: int
    y: int


def draw(text: str, cursor: int, columns: int, prompt: str) -> Drawn:
    """What is typed behind a prompt, in so many columns; lines hang below its first character."""
    indent = len(prompt) if len(prompt) < columns // 2 else 2
    room = max(columns - indent - 1, _NARROWEST)
    rows: list[Row] = []
    x = y = start = 0
    for line in text.split("\n"):
        spots = [(start + at, glyph) for at, glyph in placed(line)]
        for first, last in breaks([glyph for _, glyph in spots], room):
            lead = prompt if not rows else " " * indent
            row = spots[first:last]
            if start <= cursor <= start + len(line) and (before := _before(row, cursor)) >= 0:
                x, y = len(lead) + before, len(rows)
            rows.append(joined([*styled("class:prompt", lead), *_cells(row), _END]))
        start += len(line) + 1
    return Drawn(rows, x, y)


def _before(row: Spots, cursor: int) -> int:
    """How many characters of a row stand before the cursor; -1 where it is in an earlier row."""
    if row and row[0][0] > cursor:
        return -1
    return sum(len(glyph.text) for place, glyph in row if place < cursor)


def _cells(row: Spots) -> list[Cell]:
    return [Cell("class:unsafe" if glyph.unsafe else "class:typed", glyph) for _, glyph in row]
