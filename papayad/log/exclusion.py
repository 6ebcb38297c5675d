"""The locks by which a room has only one acceptor (design section 5).

papayad takes them before it detaches, so that a second one can tell its starter. Without the lock
in the state directory, two acceptors with a pid file each could serve one log.
"""

import os
from contextlib import suppress

from papayad.errors import TRY_AGAIN, Fault
from papayad.log import holders
from papayad.settings import Settings
from papayad.start import privileges
from papayad.state import pidfile
from papayad.system.journal import Journal


def acquire(
    settings: Settings, identity: privileges.Identity | None, journal: Journal
) -> tuple[int, int]:
    """Take the locks of the state and of the pid file; returns descriptors. Raises a Fault (75)."""
    path = pidfile.lock_of(settings.state_dir)
    try:
        lock = pidfile.acquire(path, 0o600)
    except Fault as fault:
        if fault.code != TRY_AGAIN:
            raise
        _end_intruders(settings, identity, journal)
        lock = pidfile.acquire(path, 0o600)
    return lock, pidfile.acquire(settings.pid_file)


def _end_intruders(
    settings: Settings, identity: privileges.Identity | None, journal: Journal
) -> None:
    """In a child that is the service's user for good: root could be tricked into ending others."""
    path, state_dir = pidfile.lock_of(settings.state_dir), settings.state_dir
    child = os.fork()
    if child == 0:
        try:
            if identity:
                os.seteuid(0)
                privileges.drop(identity)
            with suppress(OSError):
                holders.end_intruders(path, state_dir, journal.warning)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
