"""Waiting for clusters to end: those that a session took over, and those that lost a process.

Run by RECV before it reads, and by the reaper before it writes a `part`: both have to know that the
clusters write nothing after that, and only their locks show it.
"""

import os
import signal
import time
from collections.abc import Collection
from contextlib import suppress

from papayad.state import roster

_KILLED_AFTER = 2.0  # seconds; then a cluster that does not end by itself is killed
_GIVEN_UP_AFTER = 5.0  # seconds; SIGKILL does not end a process that waits for a disk
_STEP = 0.002


def wait_until_gone(path: str, names: Collection[str]) -> list[str]:
    """Wait until these clusters have ended, as their locks show; they write nothing after that.

    One that does not end in time is killed. Returns those that do not end even then: the kernel
    holds them in a system call.
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
    """The line for the journal about clusters that did not end."""
    return (
        f"not ended by SIGKILL within {_GIVEN_UP_AFTER:.0f} s: clusters {' '.join(sorted(names))}"
    )


def _kill(path: str, name: str) -> None:
    """Kill a cluster. Its lock is held, so the pids in the entry, if any, are its own.

    Those in an entry that an attacker wrote may be another user's, which the kernel keeps from us.
    """
    entry = roster.read(path, name)
    for pid in (entry.recv, entry.send) if entry else ():
        if pid > 1:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
