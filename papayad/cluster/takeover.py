"""Waiting for clusters to pass away: those that a session took over, those that lost a process.

Run by RECV before it reads, and by the reaper before it writes a `part`: both have to know that
nothing of theirs comes after that, and only their locks tell.
"""

import os
import signal
import time
from collections.abc import Collection
from contextlib import suppress

from papayad.state import roster

_KILLED_AFTER = 2.0  # seconds, an older cluster that does not end by itself
_GIVEN_UP_AFTER = 5.0  # seconds; SIGKILL does not end who waits for a disk
_STEP = 0.002


def wait_until_gone(path: str, names: Collection[str]) -> list[str]:
    """Until clusters that were asked to end, or that lost a process, are gone: their locks tell.

    Nothing of theirs comes after that. One that does not end in time is killed; returns those that
    do not end even so, which the kernel holds in a system call of theirs.
    """
    began = time.monotonic()
    left = [name for name in names if roster.is_live(path, name)]
    while left and (waited := time.monotonic() - began) < _GIVEN_UP_AFTER:
        if waited > _KILLED_AFTER:
            for name in left:
                _kill(path, name)
        time.sleep(_STEP)
        left = [name for name in left if roster.is_live(path, name)]
    return left


def left_behind(names: Collection[str]) -> str:
    """For the journal."""
    return (
        f"not ended by SIGKILL within {_GIVEN_UP_AFTER:.0f} s: clusters {' '.join(sorted(names))}"
    )


def _kill(path: str, name: str) -> None:
    """The entry's lock is held, so its pids are the cluster's; a starting one has none yet."""
    entry = roster.read(path, name)
    for pid in (entry.recv, entry.send) if entry else ():
        if pid > 1:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
