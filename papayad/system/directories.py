"""Directories that root makes where others may write: by descriptors, without following links.

A leaf. The owner of the directory above could put a link in place of the next one, and root would
then make, or give away, the directory that the link leads to.
"""

import os
from collections import deque
from contextlib import suppress
from errno import ELOOP
from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_LINKS_AT_MOST = 40  # the kernel's own limit
_OTHERS_WRITE = 0o022


def make(path: Path, mode: int, uid: int, gid: int) -> None:
    """Make a directory and the missing ones above it; the last one gets this owner.

    An existing one keeps its mode and owner, unless only root can have made it, or it is empty.
    For root. Raises OSError.
    """
    here, is_roots = _walk(path)
    try:
        if os.fstat(here).st_uid == 0 and (is_roots or not os.listdir(here)):
            os.fchown(here, uid, gid)
            os.fchmod(here, mode)
    finally:
        os.close(here)


def enter(path: Path) -> int:
    """A descriptor of a directory; it and those above it are made if they are missing.

    For root. Raises OSError.
    """
    return _walk(path)[0]


def _walk(path: Path) -> tuple[int, bool]:
    """Open a directory, part by part, and return whether only root can have put it there.

    A link is followed only if nobody but root can have put it there.
    """
    here, is_roots = os.open("/", _DIRECTORY), True
    parts = deque(path.parts[1:])
    links = 0
    try:
        while parts:
            name, is_roots = parts.popleft(), _is_roots(here)
            target = _link(name, here)
            if target is not None:
                links += 1
                if not is_roots or links > _LINKS_AT_MOST:
                    raise OSError(ELOOP, os.strerror(ELOOP), str(path))
                parts.extendleft(reversed(Path(target).parts[target[0] == "/" :]))
                below = os.open("/" if target[0] == "/" else ".", _DIRECTORY, dir_fd=here)
            else:
                below = _enter(name, here)
            os.close(here)
            here = below
    except BaseException:
        os.close(here)
        raise
    return here, is_roots


def _enter(name: str, above: int) -> int:
    with suppress(FileExistsError):
        os.mkdir(name, 0o755, dir_fd=above)
    return os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=above)


def _link(name: str, above: int) -> str | None:
    try:
        return os.readlink(name, dir_fd=above)
    except OSError:  # it is not a link, or does not exist
        return None


def _is_roots(directory: int) -> bool:
    """Whether only root can put anything into it."""
    status = os.fstat(directory)
    return status.st_uid == 0 and not status.st_mode & _OTHERS_WRITE
