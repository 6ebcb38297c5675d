"""Answers: what a terminal says about itself, taken out of what is typed.

The terminal is asked for its background colour (OSC 11). It may answer late, or never; everything
else that comes meanwhile was typed and is passed on.
"""

import re
from collections.abc import Callable
from typing import Protocol

QUESTION = "\x1b]11;?\x1b\\"

_ANSWER = re.compile(r"\x1b\]11;([^\x07\x1b]{0,64})(?:\x07|\x1b\\)")
_BEGUN = re.compile(r"\x1b\](?:1(?:1(?:;[^\x07\x1b]{0,64}\x1b?)?)?)?\Z")
_COLOR = re.compile(r"rgba?:([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})/([0-9a-fA-F]{1,4})")
_SEEN = (0.299, 0.587, 0.114)  # how bright red, green and blue look


class Reader(Protocol):
    @property
    def closed(self) -> bool: ...

    def read(self, count: int = 1024) -> str: ...


class Answers:
    """Reads before prompt_toolkit does; `tell` gets "dark" or "light"."""

    def __init__(self, reader: Reader, tell: Callable[[str], None]) -> None:
        self._reader = reader
        self._tell = tell
        self._held = ""  # the first part of an answer

    @property
    def closed(self) -> bool:
        return self._reader.closed

    def read(self, count: int = 1024) -> str:
        data = self._held + self._reader.read(count)
        self._held = ""
        for match in _ANSWER.finditer(data):
            ground = background(match[1])
            if ground:
                self._tell(ground)
        data = _ANSWER.sub("", data)
        begun = _BEGUN.search(data)
        if begun is not None and not self._reader.closed:
            self._held = begun[0]
            data = data[: begun.start()]
        return data


def background(color: str) -> str:
    """ "dark" or "light" for a background in a terminal's words; empty if it is no colour."""
    match = _COLOR.match(color)
    if match is None:
        return ""
    parts = [int(text, 16) / (16 ** len(text) - 1) for text in match.groups()]
    seen = sum(part * weight for part, weight in zip(parts, _SEEN, strict=True))
    return "light" if seen > 0.5 else "dark"
