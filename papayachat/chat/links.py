"""Links: where they are in a text, and what a terminal or a browser gets for one. Pure.

A terminal gets exactly what the person sees: a link has no other text.
"""

import re
from urllib.parse import quote

_LINK = re.compile(r"(?:https?|ftp|gemini|papaya|ssh|mailto)://[^\s<>\"]+|\bwww\.[^\s<>\"]+")
_PRINTABLE = "".join(chr(code) for code in range(0x21, 0x7F))
_PAIRS = {")": "(", "]": "[", "}": "{"}


def spans(text: str) -> list[tuple[int, int]]:
    """The places of the links in a text, without the punctuation of the sentence around them."""
    return [(match.start(), match.start() + len(_bare(match[0]))) for match in _LINK.finditer(text)]


def found(text: str) -> list[str]:
    return [text[start:stop] for start, stop in spans(text)]


def without(text: str) -> str:
    """The text with blanks in place of links: a name inside a link is not a mention."""
    return _LINK.sub(lambda match: " " * len(match[0]), text)


def target(shown: str) -> str:
    """The target of a link, in ASCII and without characters that end a terminal's sequence."""
    address = quote(shown, safe=_PRINTABLE)
    return f"https://{address}" if shown.startswith("www.") else address


def _bare(link: str) -> str:
    while link and (link[-1] in ".,;:!?'\"" or _is_unpaired(link)):
        link = link[:-1]
    return link


def _is_unpaired(link: str) -> bool:
    opening = _PAIRS.get(link[-1])
    return opening is not None and link.count(opening) < link.count(link[-1])
