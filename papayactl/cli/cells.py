"""Text in the cells of a terminal: how many cells it takes, and filling or cutting it to a width.

For tables and `top`. 日 takes two cells, an accent none, as wcwidth(3) counts. A character without
a width, and a tab, is replaced by a stand-in before it is counted.
"""

from papayad.formats.harmless import harmless, stand_in


def plain(text: str) -> str:
    """The text in the form that a table may have: harmless, and without tabs."""
    return harmless(text).replace("\t", stand_in("\t"))


def width(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_cells, text))


def fill(text: str, cells: int, right: bool = False) -> str:
    """The text filled with spaces to this width, after it or before it."""
    blank = " " * (cells - width(text))
    return blank + text if right else text + blank


def cut(text: str, cells: int) -> str:
    """The beginning of the text that fits; a wide character that does not fit is left out."""
    if width(text) <= cells:
        return text
    taken = 0
    for place, char in enumerate(text):
        taken += _cells(char)
        if taken > cells:
            return text[:place]
    return text


def _cells(char: str) -> int:
    from wcwidth import wcwidth  # --help and most tables need none of it

    return max(0, wcwidth(char))
