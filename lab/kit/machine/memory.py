"""The hunt for secrets: searches everything that a room leaves where others can look.

It looks for tokens, for the certificate's key, and for what a test asks for. It does not search the
places where they belong: the key's file, and what a client keeps of its own invite.
"""

import base64
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from lab.kit.machine import dump

_SHOWN = ("cmdline", "environ", "comm", "maps", "status", "wchan", "mountinfo")
_READ_AT_MOST = 1 << 27  # bytes of a file: more than any that a room makes
_PART = 24  # bytes of a secret: to find so many of them anywhere is a failure


def found(
    directory: Path, pids: Iterable[int], secrets: Iterable[bytes], own: Iterable[Path] = ()
) -> list[str]:
    """Where a secret was found: in files below a directory but `own` ones, or in what ps shows."""
    parts = [part for secret in secrets for part in _parts(secret)]
    places = [*_files(directory, set(own)), *_processes(pids)]
    return [place for place, data in places if any(part in data for part in parts)]


def key_forms(path: Path) -> list[bytes]:
    """The forms in which a certificate's key could leak: bytes, hexadecimal, base64 at any offset.

    Only of its private number: the key's file also has the public half, which is no secret.
    """
    number = dump.of_key(path)[0]
    encoded = [base64.b64encode(bytes(shift) + number)[4:-4] for shift in range(3)]
    return [number, number.hex().encode(), *encoded]


def _parts(secret: bytes) -> set[bytes]:
    """A secret's beginning, middle and end: half a token in a line of a log is found, too."""
    middle = (len(secret) - _PART) // 2
    return {secret[:_PART], secret[middle : middle + _PART], secret[-_PART:]}


def _files(directory: Path, own: set[Path]) -> Iterator[tuple[str, bytes]]:
    for path in directory.rglob("*"):
        with suppress(OSError):  # it has gone, or is no file that can be read
            yield str(path), os.fsencode(path.name)
            if path.is_file() and path not in own:
                with path.open("rb") as file:
                    yield str(path), file.read(_READ_AT_MOST)


def _processes(pids: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    for pid in pids:
        for name in _SHOWN:
            with suppress(OSError):
                yield f"{pid}/{name}", Path(f"/proc/{pid}/{name}").read_bytes()


def has_in_memory(pid: int, secret: bytes) -> bool:
    """Whether a process has these bytes anywhere in its writable memory. For root."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            begin, end = (int(word, 16) for word in span.split("-"))
            if "w" not in rights:
                continue
            with suppress(OSError):  # no memory is behind this mapping
                memory.seek(begin)
                if secret in memory.read(end - begin):
                    return True
    return False
