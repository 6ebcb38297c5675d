"""Makes forked processes put new objects side by side, not into holes of pages that they share.

Run by the acceptor, once, before its first fork. CPython's allocator (Objects/obmalloc.c) has pools
of 16 KiB, each for one size of object, and uses free places in the oldest pool first. So a process
that makes twenty objects writes to twenty pages, which become its own copies. Therefore we fill
every hole with an object that is kept; later objects then come from new pools, one beside the
other. It takes less than a MiB, once for all clients.
"""

_STEP = 16  # bytes from one size to the next
_LARGEST = 512  # bytes; larger objects come from malloc(3)
_EMPTY = 33  # bytes of a bytes object without content
_IN_A_ROW = 8192  # bytes: as many in ascending order are half of a new pool
_MOST = 1 << 20  # bytes for each size; another allocator may never come to new pools


_kept: list[list[bytes]] = []


def fill() -> None:
    """Make objects of all sizes, and keep them."""
    _kept.extend(_fill(size) for size in range(3 * _STEP, _LARGEST + 1, _STEP))


def _fill(size: int) -> list[bytes]:
    """Make objects of a size until enough of them lie side by side: that is a new pool."""
    kept: list[bytes] = []
    row = 0
    while row * size < _IN_A_ROW and len(kept) * size < _MOST:
        kept.append(bytes(size - _EMPTY))
        row = row + 1 if len(kept) > 1 and id(kept[-1]) == id(kept[-2]) + size else 0
    return kept
