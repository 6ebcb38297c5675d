"""Liveness is a held lock: flock(2) taken, probed and never trusted to a pid (design section 5).

A leaf. A holder takes LOCK_EX, and its children inherit the *open file description*: the lock is
free exactly when the last of them has ended. A probe takes LOCK_SH without waiting, so that two
probes at the same time do not take each other for the holder.

A second lock, of another kind (fcntl(2)), says which process the holder is: no child inherits it,
and the kernel knows its owner. So nobody has to believe a number in a file.
"""

import fcntl
import os
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path

from papayad.system.files import open_plain
from papayad.system.platform import record_lock_owner

_TRIES = 8


def create_locked(path: str | Path, content: bytes = b"") -> int:
    """Make a file that is locked before anybody can see its name; returns its descriptor.

    The lock lives as long as any process holds a copy of the descriptor. Raises OSError.
    """
    descriptor, temporary = _create_hidden(os.path.dirname(path))
    try:
        if os.write(descriptor, content) != len(content):
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        os.rename(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        os.close(descriptor)
        raise
    return descriptor


def _create_hidden(directory: str) -> tuple[int, str]:
    """A locked file whose name nobody knows beforehand: another process could make it, lock it,
    and keep everybody out. One that watches the directory wins now and then, not every time."""
    for left in reversed(range(_TRIES)):
        path = f"{directory}/.{os.urandom(8).hex()}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            os.close(descriptor)
            os.unlink(path)
            if not left:
                raise
    return descriptor, path


def is_held(descriptor: int) -> bool:
    """Whether another open file description holds the file exclusively. Never waits."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def is_held_at(path: str | Path) -> bool:
    """The same by name; nobody holds a file that is gone or not a regular file."""
    descriptor = open_plain(path)
    if descriptor < 0:
        return False
    try:
        return is_held(descriptor)
    finally:
        os.close(descriptor)


def own(descriptor: int) -> None:
    """Own the file. Raises OSError (EAGAIN, EACCES) if another process owns it.

    The caller must never open and close the file again: that would end the lock, too.
    """
    fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def owner(descriptor: int) -> int:
    """The process that owns the file, as the kernel says; 0 if there is none that we see."""
    return record_lock_owner(descriptor)
