"""Files: written whole or not at all, and read with care where others can write (a leaf).

All three programs write every file that is not the chat log in this way: temporary name, fsync,
rename. So nobody ever sees half a file.

Names and files in state_dir and run_dir are input. An attacker in a client's process can leave a
link there, a pipe that blocks its reader, a file of terabytes, a number in the digits of another
script. Such a file is skipped, and never ends the process that finds it.
"""

import os
from contextlib import suppress
from errno import EACCES, EISDIR, ELOOP, EMLINK, ENAMETOOLONG, ENOENT, ENOTDIR, ENXIO, EPERM
from os import O_CLOEXEC, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, close, fstat, read
from os import open as open_file
from pathlib import Path
from stat import S_ISREG

_CAREFUL = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY
# Gone, or not a file of ours: a link (EMLINK on FreeBSD), a socket, a file without any rights.
_NOBODYS = {ENOENT, ELOOP, EMLINK, ENXIO, EACCES, EPERM, EISDIR, ENOTDIR, ENAMETOOLONG}
_DIGITS_AT_MOST = 9  # of a pid or a group: every system's are below 2**31


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


def create_whole(
    directory: int, name: str, content: bytes, mode: int, uid: int = -1, gid: int = -1
) -> None:
    """Make a file in an open directory, whole or not at all; no link is followed.

    Raises OSError: FileExistsError when there is one of that name, which stays as it is.
    """
    temporary = f".{name}.{os.getpid()}"
    with suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=directory)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600, dir_fd=directory)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchown(descriptor, uid, gid)
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        at = {"src_dir_fd": directory, "dst_dir_fd": directory}
        os.link(temporary, name, **at, follow_symlinks=False)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=directory)
    os.fsync(directory)


def sync_directory(path: str | Path) -> None:
    """Make the names in a directory durable (fsync(2) on the directory)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def number(name: str) -> int:
    """The process or group that a name means, if it has the one right form; else 0."""
    if not name.isascii() or not name.isdigit() or name[0] == "0" or len(name) > _DIGITS_AT_MOST:
        return 0
    return int(name)


def open_plain(path: str | Path) -> int:
    """A descriptor to read a regular file; -1 if there is none of that name.

    Never waits, never follows a link. An OSError is a failure of the system: the file may exist.
    """
    try:
        descriptor = open_file(path, _CAREFUL)
    except OSError as error:
        if error.errno in _NOBODYS:
            return -1
        raise
    if S_ISREG(fstat(descriptor).st_mode):
        return descriptor
    close(descriptor)
    return -1


def read_plain(path: str | Path, most: int) -> bytes | None:
    """The content of a regular file that has at most so many bytes, else None. Raises OSError."""
    descriptor = open_plain(path)
    if descriptor < 0:
        return None
    try:
        content = read(descriptor, most + 1)
    finally:
        close(descriptor)
    return content if len(content) <= most else None


def plain_names(path: str | Path) -> list[str]:
    """The names of the regular files in a directory. Raises OSError."""
    with os.scandir(path) as found:
        return [one.name for one in found if one.is_file(follow_symlinks=False)]


def _inherit_owner(descriptor: int, path: Path, mode: int) -> None:
    try:
        old = path.stat()
    except FileNotFoundError:
        os.fchmod(descriptor, mode)
        return
    os.fchmod(descriptor, old.st_mode & 0o7777)
    if os.geteuid() == 0:
        os.fchown(descriptor, old.st_uid, old.st_gid)
