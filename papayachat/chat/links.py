"""Links: where in a text they are, and what a terminal or a browser is given for one. Pure.

What is given is what is seen: a link says nothing but itself.
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
    """The text with blanks in place of its links: a name in an address is nobody's name."""
    return _LINK.sub(lambda match: " " * len(match[0]), text)


def target(shown: str) -> str:
    """What a link leads to, in ASCII and without what ends a terminal's sequence."""
    address = quote(shown, safe=_PRINTABLE)
    return f"https://{address}" if shown.startswith("www.") else address


def _bare(link: str) -> str:
    while link and (link[-1] in ".,;:!?'\"" or _is_unpaired(link)):
        link = link[:-1]
    return link


def _is_unpaired(link: str) -> bool:
    opening = _PAIRS.get(link[-1])
    return opening is not None and link.count(opening) < link.count(link[-1])
