"""Gives memory back to the kernel after a flood (design section 8). Run by the acceptor.

A thousand handshakes under way take about 50 MiB. When they have ended, malloc keeps the memory
below the last block in use, and every fork would copy the page tables of that.
"""

import sys
from collections.abc import Callable


def _trim() -> Callable[[int], int] | None:
    """glibc's malloc_trim(3); elsewhere malloc does it by itself, or cannot do it."""
    if sys.platform != "linux":
        return None
    try:
        from ctypes import CDLL

        trim: Callable[[int], int] = CDLL(None).malloc_trim
    except (ImportError, OSError, AttributeError):
        return None
    return trim


_MALLOC_TRIM = _trim()  # now: papayad imports nothing after its start


def trim() -> None:
    if _MALLOC_TRIM:
        _MALLOC_TRIM(0)
