"""Cells: glyphs with a style, and how they are broken into rows. Pure."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from papayachat.chat.glyphs import Glyph


class Cell(NamedTuple):
    """`link` is the link that the cell is a part of, as it is shown; or empty."""

    style: str
    glyph: Glyph
    link: str = ""


class Piece(NamedTuple):
    """Neighbours in a row that look the same."""

    style: str
    text: str
    link: str = ""


Row = list[Piece]


def styled(style: str, text: str) -> list[Cell]:
    """Cells of our own text, in which each character takes one cell."""
    return [Cell(style, Glyph(char, 1)) for char in text]


def width(cells: Sequence[Cell]) -> int:
    return sum(cell.glyph.width for cell in cells)


def joined(cells: Sequence[Cell]) -> Row:
    row: Row = []
    for style, glyph, link in cells:
        if row and row[-1].style == style and row[-1].link == link:
            row[-1] = Piece(style, row[-1].text + glyph.text, link)
        else:
            row.append(Piece(style, glyph.text, link))
    return row


def wrap(cells: list[Cell], width: int, first: int | None = None) -> list[list[Cell]]:
    """Rows of at most `width` columns, the first one of `first`."""
    ranges = breaks([cell.glyph for cell in cells], width, first)
    return [cells[start:stop] for start, stop in ranges]


def breaks(
    glyphs: Sequence[Glyph], width: int, first: int | None = None
) -> Iterator[tuple[int, int]]:
    """Where the rows begin and end. They are broken at spaces if there are some; that space is in
    neither row."""
    room = width if first is None else first
    start = taken = at = 0
    space = -1
    while at < len(glyphs):
        glyph = glyphs[at]
        if taken + glyph.width > room and at > start:
            stop = at if space <= start or glyph.text == " " else space
            yield start, stop
            start = stop + (stop < len(glyphs) and glyphs[stop].text == " ")
            at, taken, space, room = start, 0, -1, width
            continue
        if glyph.text == " ":
            space = at
        taken += glyph.width
        at += 1
    yield start, len(glyphs)
