"""What a process of a cluster may still do: resource limits by role (design section 6).

A leaf, run by RECV and by SEND when they have opened what they need.
"""

import resource

_DESCRIPTORS = {"recv": 32, "send": 24, "reaper": 32}  # new ones only; those that are open stay


def leave_no_core() -> None:
    """In the acceptor and all that it forks: tokens and the key are in their memory."""
    _set(resource.RLIMIT_CORE, 0)


def confine(role: str) -> None:
    """Few descriptors, no processes; none of it can be raised again."""
    _set(resource.RLIMIT_NOFILE, _DESCRIPTORS[role])
    if hasattr(resource, "RLIMIT_NPROC"):
        _set(resource.RLIMIT_NPROC, 0)


def _set(limit: int, most: int) -> None:
    _, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(limit, (most, most))
