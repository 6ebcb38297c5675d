"""A file that an admin may edit, with an entry on each line: the tokens, the bans (a leaf).

Empty lines and lines that start with # are skipped. One line that is no entry spoils the whole
file: it must not be guessed whom such a line lets in or keeps out.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from papayad.errors import CONFIGURATION, Fault
from papayad.state import secrecy

T = TypeVar("T")


def read(path: Path, parse: Callable[[str], T | None], what: str, form: str) -> list[T]:
    """Every entry, in order. Raises OSError, and a Fault (78) that names the line."""
    secrecy.refuse_open_door(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise Fault(str(path), "not UTF-8", "restore it from a copy", code=CONFIGURATION) from error
    entries = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            entry = parse(line)
            if entry is None:
                remedy = f"each line is {form}"
                raise Fault(f"{path}:{number}", f"not a {what}", remedy, code=CONFIGURATION)
            entries.append(entry)
    return entries
