"""Memory that a flood has left goes back to the kernel (design section 8). Run by the acceptor.

A thousand handshakes under way take about 50 MiB. When they are gone, malloc keeps what lies below
the last block that is in use, and each cluster's page tables would be copied with it.
"""

import sys
from contextlib import suppress


def trim() -> None:
    """glibc only; elsewhere malloc does it itself, or cannot be asked."""
    if sys.platform != "linux":
        return
    with suppress(ImportError, OSError, AttributeError):
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)
