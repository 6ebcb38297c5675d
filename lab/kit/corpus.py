"""The kept corpus: inputs that once reached a place in a parser that no other had reached.

There is a text file for each parser of `parsers`, an input on each line, as Python writes bytes: so
a reviewer sees every input, and every change. `make fuzz` begins with them and adds to them.
"""

import ast
from collections.abc import Iterable
from pathlib import Path

_DIRECTORY = Path(__file__).parent / "corpus"


def path_of(name: str) -> Path:
    return _DIRECTORY / f"{name}.txt"


def read(name: str) -> list[bytes]:
    path = path_of(name)
    if not path.exists():
        return []
    return [bytes(ast.literal_eval(line)) for line in path.read_text().splitlines()]


def write(name: str, inputs: Iterable[bytes]) -> None:
    """Write each input once, the short ones first."""
    kept = sorted(set(inputs), key=lambda data: (len(data), data))
    _DIRECTORY.mkdir(exist_ok=True)
    path_of(name).write_text("".join(f"{data!r}\n" for data in kept))
