"""The one printer of papayactl: what it says is harmless on a terminal, whatever it was made of.

Names, addresses, files and the log are what others wrote. A program that reads JSON gets every
character as it is, escaped where a terminal would obey it.
"""

import json
import sys
from typing import Any

from papayad.formats.harmless import harmless


def begin() -> None:
    """A character that the terminal's encoding has not is shown by its number, and ends nothing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(line: str = "", *, err: bool = False, painted: bool = False) -> None:
    """Print one line. `painted`: it is harmless already, and has colours of our own."""
    stream = sys.stderr if err else sys.stdout
    print(line if painted else harmless(line), file=stream, flush=err)


def as_json(value: Any, indent: int | None = None) -> str:
    """Exact for a program and harmless on a terminal: escaped to ASCII only where it has to be."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if all(map(_is_plain, text.split("\n"))):
        return text
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def write(text: str) -> None:
    """Records of the log, each with its LF: as they are for a program, harmless on a terminal."""
    if sys.stdout.isatty():
        text = "\n".join(map(harmless, text.split("\n")))
    sys.stdout.write(text)


def _is_plain(line: str) -> bool:
    return harmless(line) == line
