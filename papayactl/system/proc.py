"""Files of /proc/PID, read as quickly as Python can: a look at a thousand clients reads thousands.

None stands for whatever may not be known: the process has ended, or its facts need root (processes
that changed their uid are not dumpable, design section 9), or this is no Linux.
"""

import os
from collections.abc import Callable
from errno import EACCES, EINVAL, ENOENT, EPERM, ESRCH
from typing import TypeVar

_UNKNOWN = {ENOENT, ESRCH, EACCES, EPERM, EINVAL}
_READ_AT_MOST = 65536

T = TypeVar("T")


def text(pid: int, name: str) -> str | None:
    """The content of /proc/PID/NAME."""
    return _known(_content, f"/proc/{pid}/{name}")


def names(pid: int, directory: str) -> list[str] | None:
    """The names in /proc/PID/DIRECTORY."""
    return _known(os.listdir, f"/proc/{pid}/{directory}")


def target(pid: int, link: str) -> str | None:
    """Where the symbolic link /proc/PID/LINK leads."""
    return _known(os.readlink, f"/proc/{pid}/{link}")


def fields(content: str) -> dict[str, int]:
    """The numbers of lines like "Pss:  1234 kB", by the words before the colon."""
    numbers = {}
    for line in content.splitlines():
        name, colon, rest = line.partition(":")
        words = rest.split()
        if colon and words and words[0].isdigit():
            numbers[name] = int(words[0])
    return numbers


def _known(ask: Callable[[str], T], path: str) -> T | None:
    try:
        return ask(path)
    except OSError as error:
        if error.errno in _UNKNOWN:
            return None
        raise


def _content(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _READ_AT_MOST).decode("utf-8", "replace")
    finally:
        os.close(descriptor)
