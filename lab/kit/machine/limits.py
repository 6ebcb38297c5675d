"""Changing resource limits of processes that run already, as their own user may (prlimit(2))."""

import os
import resource

from lab.kit.processes import exit_code, fork
from lab.kit.room import ROOT, become_service


def set_soft(pid: int, which: int, soft: int) -> None:
    """Set another soft limit; the hard one stays, so that the soft one can be put back.

    It is done as the service's user: without CAP_SYS_RESOURCE root may change only root's limits.
    Raises OSError when the process is gone.
    """
    if exit_code(fork(lambda: _set(pid, which, soft))):
        raise ProcessLookupError(pid)


def _set(pid: int, which: int, soft: int) -> None:
    if ROOT:
        become_service()
    try:
        _, hard = resource.prlimit(pid, which)
        most = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.prlimit(pid, which, (most, hard))
    except OSError:
        os._exit(1)
