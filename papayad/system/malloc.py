"""Gives memory back to the kernel after a flood (design section 8). Run by the acceptor.

A thousand handshakes under way take about 50 MiB. When they have ended, malloc keeps the memory
below the last block in use, and every fork would copy the page tables of that.
"""

import sys
from contextlib import suppress


def trim() -> None:
    """Only with glibc; elsewhere malloc does it by itself, or cannot be asked."""
    if sys.platform != "linux":
        return
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)
