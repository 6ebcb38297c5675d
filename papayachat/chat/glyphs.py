"""Glyphs: text as cells of a terminal; each character is harmless and has a known width.

It does not rely on what the server removes. A character that could control the terminal, reorder
the line or hide in it becomes a visible stand-in, in a style that no text can imitate. Where
terminals disagree (a family as one emoji, a flag, a skin tone, an emoji that is a letter's
variant), it uses a form on which all agree, because one cell too many shifts everything to its
right. Typed text is drawn by the same rules, and `stops` says where a cursor may stand in it.
"""

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from wcwidth import wcwidth

from papayad.formats.harmless import stand_in

MARKS_ON_ONE = 4  # combining characters on one letter; those beyond it climb into other lines
TAB = 8  # columns between two tab stops
_FLAG = "\u2691"

# Letters and marks that are drawn as nothing, and could hide in a name or a link.
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
_JOINER, _NON_JOINER = "\u200d", "\u200c"
_VARIANTS = ("\ufe0e", "\ufe0f")
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


class Glyph(NamedTuple):
    """`text` takes `width` cells; `unsafe`: it is a stand-in."""

    text: str
    width: int
    unsafe: bool = False


_ASCII = {chr(code): Glyph(chr(code), 1) for code in range(0x20, 0x7F)}


def glyphs(text: str, column: int = 0) -> list[Glyph]:
    """The cells of one line of text that begins in a column (which matters for tabs)."""
    if text.isascii() and text.isprintable():
        return [_ASCII[char] for char in text]
    return [glyph for _, glyph in placed(text, column)]


def placed(text: str, column: int = 0) -> list[tuple[int, Glyph]]:
    """The same, each with the place in the text of its first character."""
    found: list[tuple[int, Glyph]] = []
    for place, group in _groups(text):
        for glyph in _drawn(group, column):
            found.append((place, glyph))
            column += glyph.width
    return found


def stops(text: str) -> list[int]:
    """Where a cursor may stand: before each thing that a person takes for one character, and at
    the end. A family, a flag, a letter with its accents are deleted as one."""
    found: list[int] = []
    flags = 0  # how many halves of flags stand in a row
    for place, char in enumerate(text):
        flags = flags + 1 if _is_half_flag(char) else 0
        inside = place > 0 and (
            _extends(text, place)
            or (text[place - 1] == _JOINER and _is_part_of_emoji(char))
            or (flags and flags % 2 == 0)
        )
        if not inside:
            found.append(place)
    return [*found, len(text)]


def width(text: str) -> int:
    return sum(glyph.width for glyph in glyphs(text))


def safe(text: str) -> str:
    """The text in one line, for places that have no special style for stand-ins."""
    return "".join(glyph.text for glyph in glyphs(text))


def _groups(text: str) -> Iterator[tuple[int, str]]:
    """Characters that are drawn together (a letter and its marks, a flag), and where they begin;
    without those that only choose a form of an emoji."""
    start, group, marks = 0, "", 0
    for place, char in enumerate(text):
        if _is_dropped(text, place):
            continue
        whole_flag = len(group) == 1 and _is_half_flag(group) and _is_half_flag(char)
        joins = bool(group) and marks < MARKS_ON_ONE and _joins(text, place)
        if whole_flag or joins:
            group += char
            marks += joins
            continue
        if group:
            yield start, group
        start, group, marks = place, char, 0
    if group:
        yield start, group


def _drawn(group: str, column: int) -> list[Glyph]:
    if group in _ASCII:
        return [_ASCII[group]]
    if group == "\t":
        return [_ASCII[" "]] * (TAB - column % TAB)
    if _is_half_flag(group[0]):
        letters = [chr(ord(half) - 0x1F1E6 + ord("A")) for half in group if _is_half_flag(half)]
        return [Glyph(_FLAG, 1), *(_ASCII[letter] for letter in letters)]
    whole = unicodedata.normalize("NFC", group)
    glyph, marks = _glyph(whole[0]), whole[1:]
    if glyph.unsafe:
        return [glyph, *map(_glyph, marks)]
    return [Glyph(glyph.text + marks, glyph.width)]


def _glyph(char: str) -> Glyph:
    category = unicodedata.category(char)
    if category == "Zs" and char != "\u3000":
        return _ASCII[" "]
    if category in _HIDDEN or char in _FILLERS or (category == "Cn" and not _is_emoji(char)):
        return _unsafe(char)
    cells = wcwidth(char)
    return Glyph(char, cells) if cells > 0 else _unsafe(char)


def _unsafe(char: str) -> Glyph:
    text = stand_in(char)
    return Glyph(text, len(text), True)


def _joins(text: str, place: int) -> bool:
    """Whether a character is drawn on the one before it, as accents are."""
    char, before = text[place], text[place - 1 : place]
    if char in _ASCII:
        return False
    if char in (_JOINER, _NON_JOINER):
        return _is_script(before) and _is_script(text[place + 1 : place + 2])
    if char in _FILLERS or unicodedata.category(char) in (*_HIDDEN, "Cn") or wcwidth(char) != 0:
        return False
    return bool(before) and unicodedata.category(before)[0] in "LMNSP"


def _extends(text: str, place: int) -> bool:
    """Whether a character belongs to the one before it, drawn or not."""
    char = text[place]
    if char in _ASCII or char in "\n\t":
        return False
    return (
        char in (_JOINER, _NON_JOINER)
        or unicodedata.category(char) in ("Mn", "Mc", "Me")
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
        or _joins(text, place)
    )


def _is_dropped(text: str, place: int) -> bool:
    """Whether a character only chooses between forms of an emoji."""
    char, before = text[place], text[place - 1 : place]
    if char in _VARIANTS:
        return bool(before) and (before in "#*0123456789" or unicodedata.category(before) == "So")
    if char == _JOINER:
        return _is_part_of_emoji(before) and _is_part_of_emoji(text[place + 1 : place + 2])
    return "\U0001f3fb" <= char <= "\U0001f3ff" and _is_emoji(before)


def _is_half_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _is_emoji(char: str) -> bool:
    return "\u2600" <= char <= "\u27bf" or "\U0001f000" <= char <= "\U0001faff"


def _is_part_of_emoji(char: str) -> bool:
    return (
        _is_emoji(char)
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or char in (*_VARIANTS, "\u2190", "\u2194", "\u2195", "\u27a1")
    )


def _is_script(char: str) -> bool:
    """Whether it is of a script that needs joiners: Arabic, those of India, and related ones."""
    return "\u0600" <= char <= "\u1aff" and unicodedata.category(char)[0] in "LM"
