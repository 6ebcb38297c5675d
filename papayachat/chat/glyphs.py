"""Glyphs: text as cells of a terminal, each character of which is harmless and has a known width.

Nothing here relies on what the server removes. What could drive the terminal, reorder the line or
hide in it becomes a visible stand-in, marked as such, which no text can imitate. What terminals
disagree about (a family as one emoji, a skin tone, an emoji that is a letter's variant) is shown in
the form in which all of them agree, because a cell too many shifts everything to its right.
"""

import unicodedata
from typing import NamedTuple

from wcwidth import wcwidth

MARKS_ON_ONE = 4  # combining characters on one letter; those beyond it climb into other lines
_TAB = 4

# Letters and marks that are drawn as nothing: a name or a link could hide them.
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {
    chr(code) for code in (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))
}
_JOINER, _NON_JOINER = "\u200d", "\u200c"
_VARIANTS = ("\ufe0e", "\ufe0f")
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


class Glyph(NamedTuple):
    """`text` takes `width` cells; `unsafe` is a stand-in for what was there."""

    text: str
    width: int
    unsafe: bool = False


_ASCII = {chr(code): Glyph(chr(code), 1) for code in range(0x20, 0x7F)}


def glyphs(text: str) -> list[Glyph]:
    """The cells of one line of text."""
    if text.isascii() and text.isprintable():
        return [_ASCII[char] for char in text]
    text = unicodedata.normalize("NFC", text)
    found: list[Glyph] = []
    marks = 0
    for place, char in enumerate(text):
        if char in _ASCII:
            found.append(_ASCII[char])
            marks = 0
        elif char == "\t":
            found += [_ASCII[" "]] * _TAB
        elif _is_dropped(text, place):
            continue
        elif _joins(text, place) and found and marks < MARKS_ON_ONE:
            last = found.pop()
            found.append(Glyph(last.text + char, last.width))
            marks += 1
        else:
            found.append(_glyph(char))
            marks = 0
    return found


def width(text: str) -> int:
    return sum(glyph.width for glyph in glyphs(text))


def safe(text: str) -> str:
    """The text in one line, for places that have no second style for stand-ins."""
    return "".join(glyph.text for glyph in glyphs(text))


def _glyph(char: str) -> Glyph:
    category = unicodedata.category(char)
    if category == "Zs" and char != "\u3000":
        return _ASCII[" "]
    if category in _HIDDEN or char in _FILLERS or (category == "Cn" and not _is_emoji(char)):
        return _stand_in(char)
    cells = wcwidth(char)
    return Glyph(char, cells) if cells > 0 else _stand_in(char)


def _stand_in(char: str) -> Glyph:
    code = ord(char)
    if code < 0x20:
        return Glyph(chr(0x2400 + code), 1, True)  # the control pictures: ESC is seen as one
    text = f"<{code:02X}>"
    return Glyph(text, len(text), True)


def _joins(text: str, place: int) -> bool:
    """Whether a character stands on the one before it, as accents do."""
    char, before = text[place], text[place - 1 : place]
    if char in (_JOINER, _NON_JOINER):
        return _is_script(before) and _is_script(text[place + 1 : place + 2])
    if char in _FILLERS or unicodedata.category(char) in (*_HIDDEN, "Cn") or wcwidth(char) != 0:
        return False
    return bool(before) and unicodedata.category(before)[0] in "LMNSP"


def _is_dropped(text: str, place: int) -> bool:
    """Whether a character only chooses between forms of an emoji."""
    char, before = text[place], text[place - 1 : place]
    if char in _VARIANTS:
        return bool(before) and (before in "#*0123456789" or unicodedata.category(before) == "So")
    if char == _JOINER:
        return _is_part_of_emoji(before) and _is_part_of_emoji(text[place + 1 : place + 2])
    return "\U0001f3fb" <= char <= "\U0001f3ff" and _is_emoji(before)


def _is_emoji(char: str) -> bool:
    return "\u2600" <= char <= "\u27bf" or "\U0001f000" <= char <= "\U0001faff"


def _is_part_of_emoji(char: str) -> bool:
    return _is_emoji(char) or char in (*_VARIANTS, "\u2190", "\u2194", "\u2195", "\u27a1")


def _is_script(char: str) -> bool:
    """Whether it is of a script that needs joiners: Arabic, those of India, neighbours."""
    return "\u0600" <= char <= "\u1aff" and unicodedata.category(char)[0] in "LM"
