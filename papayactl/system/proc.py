"""Files of /proc/PID, read as fast as Python can: a look at a thousand clients reads thousands.

None is what we may not know: the process has ended, or its facts need root (processes that changed
their uid are not dumpable, design section 9), or this is not Linux.
"""

import os
from collections.abc import Callable
from errno import EACCES, EINVAL, ENOENT, EPERM, ESRCH
from typing import TypeVar

from papayactl.system import eye

_UNKNOWN = {ENOENT, ESRCH, EACCES, EPERM, EINVAL}
_READ_AT_MOST = 65536

T = TypeVar("T")


def text(pid: int, name: str) -> str | None:
    """The content of /proc/PID/NAME."""
    return _known(lambda: _content(f"/proc/{pid}/{name}"), "text", pid, name)


def tasks(pid: int) -> list[str] | None:
    """The names of its threads."""
    return _known(lambda: os.listdir(f"/proc/{pid}/task"), "tasks", pid)


def descriptors(pid: int) -> dict[str, str] | None:
    """Where each of its open files leads, by its number."""
    return _known(lambda: _links(f"/proc/{pid}/fd"), "descriptors", pid)


def fields(content: str) -> dict[str, int]:
    """The numbers of lines like "Pss:  1234 kB", by the words before the colon."""
    numbers = {}
    for line in content.splitlines():
        name, colon, rest = line.partition(":")
        words = rest.split()
        if colon and words and words[0].isdigit():
            numbers[name] = int(words[0])
    return numbers


def _known(look: Callable[[], T], *question: str | int) -> T | None:
    """What we see; else what root sees for us, if there is one; else None."""
    try:
        return look()
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
    seen: T | None = eye.ask(*question)
    return seen


def _links(path: str) -> dict[str, str]:
    directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return eye.links_in(directory)
    finally:
        os.close(directory)


def _content(path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, _READ_AT_MOST).decode("utf-8", "replace")
    finally:
        os.close(descriptor)
