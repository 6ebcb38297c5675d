"""The output: what prompt_toolkit draws, with links, and in characters that the terminal has.

The terminal learns about a link by a sequence around its cells (OSC 8), but prompt_toolkit draws
only cells that changed. So each cell of a link carries a mark, a character that no text can have,
since `glyphs` removes it. On the way out, runs of marked cells become one link.
"""

import re
from collections.abc import Mapping

from prompt_toolkit.output.vt100 import Vt100_Output

from papayachat.chat import links
from papayachat.chat.glyphs import width

_MARKS = range(0xE0100, 0xE01F0)  # variation selectors, which have no width
_MARKED = re.compile(f"(?:[^\x1b][{chr(_MARKS[0])}-{chr(_MARKS[-1])}])+")
_NO_LINKS = ("linux", "vt", "dumb", "eterm")  # terminals that may draw the sequence
_PLAIN = {"\u2502": "|", "\u2500": "-", "\u2026": "~", "\u00b7": ".", "\u2194": "~", "\u2691": "!"}


class Links:
    """Marks for the links on the screen; the oldest are used again."""

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}
        self._targets: dict[str, str] = {}
        self._next = 0

    def marked(self, text: str, link: str) -> str:
        """The text with the link's mark after each character; as it is if there is no link."""
        if not link:
            return text
        mark = self._marks.get(link) or self._give(link)
        return "".join(char + mark for char in text)

    def target(self, mark: str) -> str:
        return self._targets.get(mark, "")

    def _give(self, link: str) -> str:
        mark = chr(_MARKS[self._next % len(_MARKS)])
        self._next += 1
        for old in [one for one, given in self._marks.items() if given == mark]:
            del self._marks[old]
        self._marks[link], self._targets[mark] = mark, links.target(link)
        return mark


class Output(Vt100_Output):
    """`links`: marks become links; without it they are removed."""

    marks = Links()
    links: bool = True

    def flush(self) -> None:
        drawn = "".join(self._buffer)
        if not drawn.isascii():
            self._buffer = [self._in_its_characters(_MARKED.sub(self._link, drawn))]
        super().flush()

    def _link(self, match: re.Match[str]) -> str:
        """Turn neighbours with the same mark into one link."""
        found = ""
        open_mark = ""
        for place in range(0, len(match[0]), 2):
            char, mark = match[0][place], match[0][place + 1]
            if mark != open_mark and self.links:
                target = self.marks.target(mark)
                found += f"\x1b]8;id={ord(mark) - _MARKS[0]};{target}\x1b\\"
                open_mark = mark
            found += char
        return f"{found}\x1b]8;;\x1b\\" if self.links else found

    def _in_its_characters(self, drawn: str) -> str:
        """Replace characters that the terminal lacks by one or two others, of the same width."""
        encoding = self.stdout.encoding or "utf-8"
        if encoding.lower().replace("-", "") == "utf8":
            return drawn
        return "".join(_stand_in(char, encoding) for char in drawn)


def has_links(environment: Mapping[str, str]) -> bool:
    return not environment.get("TERM", "").startswith(_NO_LINKS)


def _stand_in(char: str, encoding: str) -> str:
    if char.isascii():
        return char
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return _PLAIN.get(char, "?" * width(char))
    return char
