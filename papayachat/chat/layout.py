"""The layout: an entry as rows of cells, in so many columns. Pure; styles are names only."""

import re
import time
import zlib
from dataclasses import dataclass
from functools import lru_cache

from papayachat.chat.entry import Entry, Kind
from papayachat.chat.glyphs import Glyph, glyphs
from papayachat.stream import when
from papayad.formats.record import LINE_BREAK

Row = list[tuple[str, str]]  # style, text
Cells = list[tuple[str, Glyph]]

WIDE = 60  # columns from which on names have a column of their own
NAME_COLORS = 10
_LINK = re.compile(r"(?:https?|ftp|gemini|papaya|ssh|mailto)://[^\s<>\"]+|\bwww\.[^\s<>\"]+")
_ACTION = "/me "
_SIGNS = {
    Kind.HAPPENED: "*",
    Kind.FOLDED: "\u2194",
    Kind.NOTE: "-",
    Kind.REFUSED: "!",
    Kind.STRANGE: "?",
}


@dataclass(frozen=True, slots=True)
class Look:
    """How everything is laid out. `mention` marks what is for us, `find` what was looked for."""

    width: int
    me: str
    mention: re.Pattern[str] | None = None
    find: re.Pattern[str] | None = None

    @property
    def names(self) -> int:
        """Columns for names, where there is room for a column of them."""
        return 10 if self.width < 100 else 14


def rows(entry: Entry, look: Look) -> list[Row]:
    """At least one row; none is wider than the look's width."""
    return _rows(entry, look)


@lru_cache(4096)
def _rows(entry: Entry, look: Look) -> list[Row]:
    return [*_heads(entry, look), *_body(entry, look)]


def _heads(entry: Entry, look: Look) -> list[Row]:
    heads: list[Row] = []
    if entry.hole:
        heads.append(_ruled("something is missing here", "class:hole", look.width))
    if entry.day:
        heads.append(_ruled(_long_day(entry.day), "class:day", look.width))
    if entry.unread:
        heads.append(_ruled("new", "class:unread", look.width, "\u2500"))
    return heads


def _ruled(text: str, style: str, width: int, rule: str = "\u2500") -> Row:
    text = f" {text} "[:width]
    left = max(0, min(3, width - len(text)))
    return [(style, rule * left + text + rule * max(0, width - left - len(text)))]


def _long_day(day: str) -> str:
    return time.strftime("%A, %-d %B %Y", time.strptime(day, "%Y-%m-%d"))


def _body(entry: Entry, look: Look) -> list[Row]:
    prefix, text, style = _parts(entry, look)
    lines = [_cells(part, style, entry, look) for part in text.split(LINE_BREAK)]
    if _width(prefix) > look.width - 8:
        prefix = []
    hanging = _hanging(look, _width(prefix))
    found: list[Row] = []
    for line in lines:
        head = prefix if not found else hanging
        for cells in wrap(line, look.width - _width(hanging), look.width - _width(head)):
            found.append(_joined([*(hanging if found else prefix), *cells]))
    return found


def _parts(entry: Entry, look: Look) -> tuple[Cells, str, str]:
    """What stands before the text, the text, and its style."""
    clock = when.clock(entry.stamp) if entry.stamp else "--:--"
    if entry.kind is Kind.WAITING:
        clock = "\u00b7\u00b7:\u00b7\u00b7"
    start = _styled("class:time", clock + " ")
    action = entry.text.startswith(_ACTION) and entry.kind in (Kind.SAID, Kind.WAITING)
    style = _text_style(entry, look)
    if entry.kind in _SIGNS:
        return start + _sign(_SIGNS[entry.kind], style, look), entry.text, style
    name = name_style(entry.sender, look)
    if action:
        sign = _sign("*", name, look)
        return start + sign, f"{entry.sender} {entry.text[len(_ACTION) :]}", style
    if look.width < WIDE:
        return (
            start + _styled(name, entry.sender[: look.width // 3]) + _styled(name, " "),
            (entry.text),
            style,
        )
    return start + _sign(_fitted(entry.sender, look.names), name, look), entry.text, style


def _sign(text: str, style: str, look: Look) -> Cells:
    if look.width < WIDE:
        return _styled(style, text + " ")
    return _styled(style, text.rjust(look.names)) + _styled("class:rule", " \u2502 ")


def _fitted(name: str, width: int) -> str:
    return name if len(name) <= width else name[: width - 1] + "\u2026"


def _hanging(look: Look, indent: int) -> Cells:
    if look.width < WIDE or indent < 3:
        return _styled("", " " * min(indent, 2 if look.width < WIDE else indent))
    return _styled("", " " * (indent - 2)) + _styled("class:rule", "\u2502 ")


def _text_style(entry: Entry, look: Look) -> str:
    if entry.kind is Kind.SAID and entry.sender == look.me:
        return "class:own"
    if entry.kind is Kind.SAID:
        mentioned = look.mention is not None and look.mention.search(entry.text)
        return "class:mention" if mentioned else "class:said"
    return f"class:{entry.kind.value}"


def name_style(name: str, look: Look) -> str:
    """The same for a name wherever and whenever it is seen."""
    if name == look.me:
        return "class:me"
    return f"class:name{zlib.crc32(name.encode()) % NAME_COLORS}"


def _cells(text: str, style: str, entry: Entry, look: Look) -> Cells:
    found: Cells = []
    at = 0
    for start, stop, extra in _spans(text, look):
        found += _text(text[at:start], style)
        found += _text(text[start:stop], f"{style} {extra}", link=extra == "class:link")
        at = stop
    return found + _text(text[at:], style)


def _spans(text: str, look: Look) -> list[tuple[int, int, str]]:
    """What stands out: links, and what was looked for; what was looked for wins."""
    if look.find is not None:
        found = [(m.start(), m.end(), "class:found") for m in look.find.finditer(text) if m[0]]
        if found:
            return found
    return [(match.start(), match.end(), "class:link") for match in _LINK.finditer(text)]


def _text(text: str, style: str, link: bool = False) -> Cells:
    """The cells of a piece of text. In a link whatever is not ASCII stands out, too: a Cyrillic
    letter looks like one of a bank's name."""
    return [
        (
            f"{style} class:unsafe" if each.unsafe or (link and not each.text.isascii()) else style,
            each,
        )
        for each in glyphs(text)
    ]


def wrap(cells: Cells, width: int, first: int | None = None) -> list[Cells]:
    """Lines of at most `width` columns, the first one of `first`; broken at spaces where there
    are some."""
    lines: list[Cells] = []
    room = width if first is None else first
    start = taken = 0
    space = -1
    at = 0
    while at < len(cells):
        cell = cells[at][1]
        if taken + cell.width > room and at > start:
            stop = at if space <= start or cell.text == " " else space
            lines.append(cells[start:stop])
            start = stop + (stop < len(cells) and cells[stop][1].text == " ")
            at, taken, space, room = start, 0, -1, width
            continue
        if cell.text == " ":
            space = at
        taken += cell.width
        at += 1
    lines.append(cells[start:])
    return lines


def _styled(style: str, text: str) -> Cells:
    return [(style, Glyph(char, 1)) for char in text]


def _width(cells: Cells) -> int:
    return sum(glyph.width for _, glyph in cells)


def _joined(cells: Cells) -> Row:
    row: Row = []
    for style, glyph in cells:
        if row and row[-1][0] == style:
            row[-1] = (style, row[-1][1] + glyph.text)
        else:
            row.append((style, glyph.text))
    return row
