"""What forked processes make lies together, and not in the holes of what they share with others.

Run by the acceptor, once, before its first fork. CPython's allocator (Objects/obmalloc.c) has pools
of 16 KiB, each for one size of object, and gives out what is free in the oldest first: a process
that makes twenty objects then writes to twenty pages, and owns them. So every hole is filled with
something that is kept, and what comes next comes from new pools, one object beside the other. It
takes less than a MiB, once for all clients.
"""

_STEP = 16  # bytes from one size to the next
_LARGEST = 512  # bytes; what is larger comes from malloc(3)
_EMPTY = 33  # bytes of a bytes object without content
_IN_A_ROW = 8192  # bytes: so much in ascending order is half of a new pool
_MOST = 1 << 20  # bytes of a size; an allocator of another kind has no end of holes


_kept: list[list[bytes]] = []


def fill() -> None:
    """Make objects of all sizes, and keep them."""
    _kept.extend(_fill(size) for size in range(3 * _STEP, _LARGEST + 1, _STEP))


def _fill(size: int) -> list[bytes]:
    """Objects of a size, until they lie side by side for long enough: that is a new pool."""
    kept: list[bytes] = []
    row = 0
    while row * size < _IN_A_ROW and len(kept) * size < _MOST:
        kept.append(bytes(size - _EMPTY))
        row = row + 1 if len(kept) > 1 and id(kept[-1]) == id(kept[-2]) + size else 0
    return kept
