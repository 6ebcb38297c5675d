"""The layout: turns an entry into rows of cells of a given width. Pure; styles are names only."""

import re
import time
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from papayachat.chat import links
from papayachat.chat.cells import Cell, Piece, Row, joined, styled, width, wrap
from papayachat.chat.entry import Entry, Kind
from papayachat.chat.glyphs import glyphs
from papayachat.stream import when
from papayad.formats.record import LINE_BREAK

WIDE = 59  # from so many columns on, names have a column of their own
NAME_COLORS = 10
_ACTION = "/me "
_SIGNS = {
    Kind.HAPPENED: "*",
    Kind.FOLDED: "\u2194",
    Kind.NOTE: "-",
    Kind.REFUSED: "!",
    Kind.STRANGE: "?",
}

Span = tuple[int, int, str]  # from, to, the style of the highlighted part


class Marks(Protocol):
    """What is searched, and its places in the text of an entry."""

    def spans(self, address: int, text: str) -> list[tuple[int, int]]: ...


@dataclass(frozen=True, slots=True)
class Look:
    """How everything is laid out. `mention` marks what is for us, `find` what is searched; a search
    has reached the entry at `current`; `twelve`: with am and pm."""

    width: int
    me: str
    mention: re.Pattern[str] | None = None
    find: Marks | None = None
    current: int = -1
    twelve: bool = False

    @property
    def names(self) -> int:
        """The width of the column of names, if there is room for one."""
        return 10 if self.width < 99 else 14


def rows(entry: Entry, look: Look) -> list[Row]:
    """The rows of an entry, at least one; none is wider than the look's width."""
    return _rows(entry, look)


def is_mention(text: str, pattern: re.Pattern[str] | None) -> bool:
    """Whether somebody is meant; a name in an address is nobody's."""
    return pattern is not None and pattern.search(links.without(text)) is not None


@lru_cache(4096)
def _rows(entry: Entry, look: Look) -> list[Row]:
    return [*_heads(entry, look), *_body(entry, look)]


def _heads(entry: Entry, look: Look) -> list[Row]:
    heads: list[Row] = []
    if entry.hole:
        heads.append(_ruled(entry.hole, "class:hole", look.width))
    if entry.day:
        heads.append(_ruled(_long_day(entry.day), "class:day", look.width))
    if entry.unread:
        heads.append(_ruled("new", "class:unread", look.width))
    return heads


def _ruled(text: str, style: str, columns: int, rule: str = "\u2500") -> Row:
    text = f" {text} "[:columns]
    left = max(0, min(3, columns - len(text)))
    return [Piece(style, rule * left + text + rule * max(0, columns - left - len(text)))]


def _long_day(day: str) -> str:
    return time.strftime("%A, %-d %B %Y", time.strptime(day, "%Y-%m-%d"))


def _body(entry: Entry, look: Look) -> list[Row]:
    prefix, text, style = _parts(entry, look)
    if width(prefix) > look.width - 8:
        prefix = []
    hanging = _indented(look, width(prefix))
    found: list[Row] = []
    for line in _lines(entry, text, style, look):
        head = prefix if not found else hanging
        for cells in wrap(line, look.width - width(hanging), look.width - width(head)):
            found.append(joined([*(hanging if found else prefix), *cells]))
    return found


def _parts(entry: Entry, look: Look) -> tuple[list[Cell], str, str]:
    """The parts: what comes before the text, the text, and its style."""
    clock = when.clock(entry.stamp, look.twelve)
    if entry.kind is Kind.WAITING:
        clock = "\u00b7\u00b7:\u00b7\u00b7" + " " * look.twelve
    start = styled("class:time", clock + " ")
    style = _text_style(entry, look)
    if entry.kind in _SIGNS:
        return start + _sign(_SIGNS[entry.kind], style, look), entry.text, style
    name = name_style(entry.sender, look)
    if entry.text.startswith(_ACTION) and entry.kind in (Kind.SAID, Kind.WAITING):
        sign = _sign("*", name, look)
        return start + sign, f"{entry.sender} {entry.text[len(_ACTION) :]}", style
    if look.width < WIDE:
        return start + styled(name, fitted(entry.sender, look.width // 3) + " "), entry.text, style
    return start + _sign(fitted(entry.sender, look.names), name, look), entry.text, style


def _sign(text: str, style: str, look: Look) -> list[Cell]:
    if look.width < WIDE:
        return styled(style, text + " ")
    return styled(style, text.rjust(look.names)) + styled("class:rule", " \u2502 ")


def fitted(name: str, columns: int) -> str:
    """The name, or its beginning with a sign that there is more."""
    return name if len(name) <= columns else name[: columns - 1] + "\u2026"


def _indented(look: Look, indent: int) -> list[Cell]:
    if look.width < WIDE or indent < 3:
        return styled("", " " * min(indent, 2 if look.width < WIDE else indent))
    return styled("", " " * (indent - 2)) + styled("class:rule", "\u2502 ")


def _text_style(entry: Entry, look: Look) -> str:
    if entry.kind is Kind.SAID and entry.sender == look.me:
        return "class:own"
    if entry.kind is Kind.SAID:
        return "class:mention" if is_mention(entry.text, look.mention) else "class:said"
    return f"class:{entry.kind.value}"


def name_style(name: str, look: Look) -> str:
    """The style of a name: always the same for the same name."""
    if name == look.me:
        return "class:me"
    return f"class:name{zlib.crc32(name.encode()) % NAME_COLORS}"


def _lines(entry: Entry, text: str, style: str, look: Look) -> list[list[Cell]]:
    """The cells of each line of the text."""
    lines = []
    start = 0
    marks = _spans(entry, text, look)
    for line in text.split(LINE_BREAK):
        inside = [(a - start, b - start, name) for a, b, name in marks]
        lines.append(_cells(line, style, inside))
        start += len(line) + 1
    return lines


def _spans(entry: Entry, text: str, look: Look) -> list[Span]:
    """The parts to highlight: links, and what is searched, which goes first."""
    if look.find is not None:
        name = "class:current" if entry.key[0] == look.current else "class:found"
        shift = len(text) - len(entry.text)  # "/me waves" is shown as "alice waves"
        places = look.find.spans(entry.key[0], entry.text)
        found = [(max(0, a + shift), b + shift, name) for a, b in places if b > a and b + shift > 0]
        if found:
            return found
    return [(start, stop, "class:link") for start, stop in links.spans(text)]


def _cells(text: str, style: str, spans: list[Span]) -> list[Cell]:
    found: list[Cell] = []
    at = 0
    for start, stop, extra in spans:
        start, stop = max(at, min(start, len(text))), max(at, min(stop, len(text)))
        if start < stop:
            found += _text(text[at:start], style, found)
            link = text[start:stop] if extra == "class:link" else ""
            found += _text(text[start:stop], f"{style} {extra}", found, link)
            at = stop
    return found + _text(text[at:], style, found)


def _text(text: str, style: str, before: list[Cell], link: str = "") -> list[Cell]:
    """The cells of a piece of text. In a link, letters other than ASCII are highlighted, too: a
    Cyrillic letter can look like one in a bank's name."""
    return [
        Cell(
            f"{style} class:unsafe" if each.unsafe or (link and not each.text.isascii()) else style,
            each,
            link,
        )
        for each in glyphs(text, width(before) if "\t" in text else 0)
    ]
