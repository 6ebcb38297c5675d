"""Whole files: written by temporary name, fsync, rename, so that nobody ever sees half a file.

A leaf, used by all three programs for every file that is not the chat log.
"""

import os
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace `path` atomically and durably. An existing file keeps its mode and, as root, owner.

    Raises OSError; then the old file is untouched and no temporary one is left.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)  # of a process that crashed and had this pid
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _inherit_owner(descriptor, path, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.rename(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    sync_directory(path.parent)


def sync_directory(path: str | Path) -> None:
    """Make the names in a directory durable (fsync(2) on the directory)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _inherit_owner(descriptor: int, path: Path, mode: int) -> None:
    try:
        old = path.stat()
    except FileNotFoundError:
        os.fchmod(descriptor, mode)
        return
    os.fchmod(descriptor, old.st_mode & 0o7777)
    if os.geteuid() == 0:
        os.fchown(descriptor, old.st_uid, old.st_gid)
