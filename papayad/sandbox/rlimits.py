"""Resource limits of a cluster's processes, by role (design section 6).

A leaf. RECV, SEND and the reaper call it once they have opened what they need, before the sandbox.
"""

import os
import resource
from os import O_RDONLY, close, read
from os import open as open_file
from resource import getrlimit, setrlimit

from papayad.formats.titles import SEND
from papayad.system.descriptors import INHERITED

_DESCRIPTORS = {"recv": INHERITED, "send": 24, "reaper": INHERITED}  # new ones; open ones stay
_MEMORY = {"recv": 128 << 20, "send": 128 << 20, "reaper": 256 << 20}  # bytes, beyond what it has
_RECORD = 1024  # bytes of a record at most, beside the message's text
_STATM = "/proc/self/statm"
_PAGE = os.sysconf("SC_PAGESIZE")
_NOFILE, _FSIZE = resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE
_AS: int = getattr(resource, "RLIMIT_AS", -1)
_NPROC: int | None = getattr(resource, "RLIMIT_NPROC", None)
_INFINITY = resource.RLIM_INFINITY


def leave_no_core() -> None:
    """The acceptor and all that it forks leave no core: tokens and the key are in their memory."""
    _set(resource.RLIMIT_CORE, 0)


def confine(role: str, cpu_seconds: int, file_bytes: int) -> None:
    """Limit descriptors, memory, size of files and, if configured, processor time; no processes.

    None of it can be raised again.
    """
    _set(_NOFILE, _DESCRIPTORS[role])
    _set(_FSIZE, 0 if role == SEND else file_bytes)
    if _NPROC is not None:
        _set(_NPROC, 0)
    size = _size()
    if size:
        _set(_AS, size + _MEMORY[role])
    if cpu_seconds:
        _set(resource.RLIMIT_CPU, cpu_seconds)


def largest_file(segment_bytes: int, message_bytes: int) -> int:
    """Bytes of the largest segment: as configured, or one record, if that is longer."""
    return max(segment_bytes, message_bytes + _RECORD)


def _size() -> int:
    """The size of this process's address space in bytes, with all that it has from the acceptor.

    0 if the kernel does not tell.
    """
    try:
        file = open_file(_STATM, O_RDONLY)
    except OSError:
        return 0
    pages = read(file, 32).split(None, 1)[0]
    close(file)
    return int(pages) * _PAGE


def _set(limit: int, most: int) -> None:
    hard = getrlimit(limit)[1]
    if hard != _INFINITY and hard < most:
        most = hard
    setrlimit(limit, (most, most))
