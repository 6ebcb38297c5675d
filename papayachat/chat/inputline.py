"""The input line: typed text as rows, and the cursor's place in them. Pure.

It is drawn by the same rules as messages: if a terminal drew a character wider than it counts, all
that follows would be shifted until the screen is drawn again.
"""

from typing import NamedTuple

from papayachat.chat.cells import Cell, Row, breaks, joined, styled
from papayachat.chat.glyphs import Glyph, placed

_NARROWEST = 8
_END = Cell("", Glyph(" ", 1))  # for the cursor after the last character of a row

Spots = list[tuple[int, Glyph]]  # glyphs, and the place in the typed text where each begins


class Drawn(NamedTuple):
    """`x` counts characters of the row `y`, not columns."""

    rows: list[Row]
    x: int
    y: int


def draw(text: str, cursor: int, columns: int, prompt: str) -> Drawn:
    """Draw typed text after a prompt, in a given width; later rows are indented to its start."""
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
    """How many characters of a row are before the cursor; -1 if it is in an earlier row."""
    if row and row[0][0] > cursor:
        return -1
    return sum(len(glyph.text) for place, glyph in row if place < cursor)


def _cells(row: Spots) -> list[Cell]:
    return [Cell("class:unsafe" if glyph.unsafe else "class:typed", glyph) for _, glyph in row]
