"""What a process of a cluster may still do: resource limits by role (design section 6).

A leaf, run by RECV, SEND and the reaper when they have opened what they need, before their sandbox.
"""

import os
import resource
from contextlib import suppress

_DESCRIPTORS = {"recv": 32, "send": 24, "reaper": 32}  # new ones only; those that are open stay
_MEMORY = {"recv": 128 << 20, "send": 128 << 20, "reaper": 256 << 20}  # bytes, beyond what it has
_STATM = "/proc/self/statm"


def leave_no_core() -> None:
    """In the acceptor and all that it forks: tokens and the key are in their memory."""
    _set(resource.RLIMIT_CORE, 0)


def confine(role: str, cpu_seconds: int) -> None:
    """Few descriptors, no processes, bounded memory and, if configured, processor time.

    None of it can be raised again.
    """
    _set(resource.RLIMIT_NOFILE, _DESCRIPTORS[role])
    if hasattr(resource, "RLIMIT_NPROC"):
        _set(resource.RLIMIT_NPROC, 0)
    with suppress(OSError):  # only where the kernel tells what it has by now
        _set(resource.RLIMIT_AS, _size() + _MEMORY[role])
    if cpu_seconds:
        _set(resource.RLIMIT_CPU, cpu_seconds)


def _size() -> int:
    """Bytes of address space; what the acceptor had when it forked, since a fork has all of it."""
    with open(_STATM, "rb") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGESIZE")


def _set(limit: int, most: int) -> None:
    _, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(limit, (most, most))
