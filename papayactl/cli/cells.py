"""Text in the cells of a terminal: how many it takes, filled up to as many, cut to as many.

For tables and `top`. Two cells for 日, none for an accent, as wcwidth(3) counts them. What has no
width of its own, a tab too, is shown by a stand-in before it is counted.
"""

from papayad.formats.harmless import harmless, stand_in


def plain(text: str) -> str:
    """The text as one cell of a table may have it: harmless, and without tabs."""
    return harmless(text).replace("\t", stand_in("\t"))


def width(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_cells, text))


def fill(text: str, cells: int, right: bool = False) -> str:
    """As wide as that, with spaces behind the text, or before it."""
    blank = " " * (cells - width(text))
    return blank + text if right else text + blank


def cut(text: str, cells: int) -> str:
    """The beginning of the text that fits; a wide character that would stand over is left out."""
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
