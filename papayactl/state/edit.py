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


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """No other process changes the file until the block ends. Raises a Fault (77, 1), also for an
    error in the block: then the file is as it was."""
    if not os.access(path.parent, os.W_OK):
        raise Fault(str(path), "no right to change it", "run it as root", code=NO_PERMISSION)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    except OSError as error:
        code = denied_or(error, FAILED)
        raise Fault(str(path), reason(error), "it is as it was", code=code) from error
    finally:
        os.close(directory)
