"""Changing the file of bans: one change at a time, as a whole, as with the tokens beside it.

papayad sees the change by itself at the next hello.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from papayad import bans
from papayad.bans import Ban
from papayad.config import Config
from papayad.errors import FAILED, NO_PERMISSION, USAGE, Fault, denied_or, reason


@contextmanager
def editing(config: Config) -> Iterator[dict[str, Ban]]:
    """The bans by subject, to be changed; written when the block ends without an error.

    Raises a Fault (77, 78); then the file is as it was. A new one has the owner and the mode of the
    tokens' file, since the same service has to read it.
    """
    path = config.bans
    bans.read_bans(path)  # says what is wrong before a lock is tried
    if not os.access(path.parent, os.W_OK):
        raise Fault(str(path), "no right to change it", "run it as root", code=NO_PERMISSION)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        known = {ban.subject: ban for ban in bans.read_bans(path)}
        yield known
        _make_like(path, config.tokens)
        bans.write_bans(path, list(known.values()))
    except OSError as error:
        code = denied_or(error, FAILED)
        raise Fault(str(path), reason(error), "it is as it was", code=code) from error
    finally:
        os.close(directory)


def subject(text: str) -> str:
    """A user or a network in the form that the file has; a Fault (2)."""
    found = bans.subject_of(text)
    if found is None:
        remedy = "use alice, 203.0.113.7, 203.0.113.0/24, 2001:db8::/64"
        raise Fault(f'"{text}"', "no user, no address and no network", remedy, code=USAGE)
    return found


def _make_like(path: Path, model: Path) -> None:
    if path.exists():
        return
    status = model.stat()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.geteuid() == 0:
            os.fchown(descriptor, status.st_uid, status.st_gid)
        os.fchmod(descriptor, status.st_mode & 0o777)
    finally:
        os.close(descriptor)
