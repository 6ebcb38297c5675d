"""The only place where papayactl prints: its output is harmless on a terminal.

Others wrote the names, addresses, files and the log. A program that reads JSON gets every
character, escaped where a terminal would obey it.
"""

import io
import json
import sys
from typing import Any

from papayad.formats.harmless import harmless


def begin() -> None:
    """Prepare stdout: a character that its encoding lacks is shown as a number, and no error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(line: str = "", *, err: bool = False, painted: bool = False) -> None:
    """Print one line. `painted`: it is harmless already, and has our own colours."""
    stream = sys.stderr if err else sys.stdout
    print(line if painted else harmless(line), file=stream, flush=err)


def as_json(value: Any, indent: int | None = None) -> str:
    """JSON, exact for a program and harmless on a terminal: escaped only where necessary."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if all(map(_is_plain, text.split("\n"))):
        return text
    return json.dumps(value, indent=indent).replace("\x7f", "\\u007f")


def write(text: str) -> None:
    """Print records, each with its LF: unchanged for a program, harmless on a terminal."""
    if sys.stdout.isatty():
        text = "\n".join(map(harmless, text.split("\n")))
    sys.stdout.write(text)


def _is_plain(line: str) -> bool:
    return harmless(line) == line
