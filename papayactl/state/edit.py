"""Changing a file of secrets or rules as a whole, one process at a time (design section 3).

The file is replaced by renaming, so a lock on it would be on the old file: instead the directory is
locked. papayad sees the change by itself at the next hello.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from papayad.errors import FAILED, NO_PERMISSION, Fault, denied_or, reason

_LINKS_AT_MOST = 8
_OTHERS_WRITE = 0o022


@contextmanager
def alone(path: Path) -> Iterator[Path]:
    """No other process changes the file until the block ends; yields where the file really is.

    A link stays one: what it leads to is changed. Raises a Fault (77, 1), also for an error in the
    block: then the file is as it was.
    """
    path = real(path)
    if not os.access(path.parent, os.W_OK):
        raise Fault(str(path), "no right to change it", "run it as root", code=NO_PERMISSION)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield path
    except OSError as error:
        code = denied_or(error, FAILED)
        raise Fault(str(path), reason(error), "it is as it was", code=code) from error
    finally:
        os.close(directory)


def real(path: Path) -> Path:
    """Where a file is that may be a link. A Fault (77) where somebody else can have put the link.

    Root would write the tokens to wherever it leads.
    """
    for _ in range(_LINKS_AT_MOST):
        if not path.is_symlink():
            return path
        if not _is_ours(path.parent) or path.lstat().st_uid not in (0, os.geteuid()):
            why = "is a link that others may change"
            raise Fault(str(path), why, "name its target in the configuration", code=NO_PERMISSION)
        path = path.parent / path.readlink()
    raise Fault(str(path), "is a link to a link to a link", "name its target", code=FAILED)


def _is_ours(directory: Path) -> bool:
    """Whether nobody but root and ourselves can put anything in there."""
    seen = directory.stat()
    return seen.st_uid in (0, os.geteuid()) and not seen.st_mode & _OTHERS_WRITE
