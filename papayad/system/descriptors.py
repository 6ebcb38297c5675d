"""What the daemon begins with and a forked process keeps open (design section 6). A leaf.

Descriptors are closed by number and not by closing Python's objects. The objects stay on the stack
as long as the child lives, so none of them ever closes a number that means another file by then.
"""

import sys
from collections.abc import Set
from fcntl import F_DUPFD_CLOEXEC
from fcntl import fcntl as control
from os import O_RDWR, close, closerange, devnull, dup2, fdopen
from os import open as open_file
from resource import RLIMIT_NOFILE, getrlimit

INHERITED = 32  # from here on: what a cluster opens itself has numbers below, by its limit


def open_standard_streams() -> None:
    """Open those that the starter closed: else a file could get the number of such a stream."""
    while (null := open_file(devnull, O_RDWR)) <= 2:
        pass
    close(null)
    sys.stdin = sys.stdin or fdopen(0, closefd=False)
    sys.stdout = sys.stdout or fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or fdopen(2, "w", closefd=False)


def close_all_but(kept: Set[int]) -> None:
    """Close every descriptor above the standard ones that is not in `kept`."""
    low = 3
    for descriptor in sorted(kept):
        closerange(low, descriptor)
        low = max(low, descriptor + 1)
    closerange(low, getrlimit(RLIMIT_NOFILE)[0])


def lift(descriptor: int) -> int:
    """A lock that is inherited gets a number from INHERITED on, and keeps it in every child.

    Whoever unlocks it unlocks it for all that have it, so clusters may unlock only what is below.
    Under a limit that leaves no such numbers it stays where it is.
    """
    if descriptor >= INHERITED:
        return descriptor
    try:
        lifted: int = control(descriptor, F_DUPFD_CLOEXEC, INHERITED)
    except OSError:
        return descriptor
    close(descriptor)
    return lifted


def silence_standard_streams() -> None:
    """Nobody uses them from here on; one may be the terminal of whoever started the daemon."""
    null = open_file(devnull, O_RDWR)
    for descriptor in (0, 1, 2):
        dup2(null, descriptor)
    if null > 2:
        close(null)
