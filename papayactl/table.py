"""Tables of plain text: columns as wide as their widest cell, nothing behind the last one.

A leaf. What goes into a pipe looks like this, and so does a terminal's until it needs more.
"""

from collections.abc import Sequence

_GAP = "  "


def lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A heading and a line for each row; no rows, no heading."""
    if not rows:
        return []
    cells = [columns, *rows]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    return [
        _GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
