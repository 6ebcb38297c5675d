"""Objects whose reference counts are never written again (PEP 683). Run by the acceptor, once.

CPython writes to each object that it looks at, and a page that a forked process writes to is its
own from then on: of what a client cost, the larger part was reference counts that had changed and
were the same again. Since 3.12 an object with a certain count is immortal, and its count is left
alone. The interpreter has no call for objects of ours, so the count is written where it is in
memory: by a table of versions, after a probe, and elsewhere nothing is done at all.

An immortal object is never freed. A reload's new configuration and certificate are ordinary
objects, and what they replace stays in memory until the acceptor ends: once, however often it is
replaced.
"""

import gc
import sys
from collections.abc import Iterable
from types import CodeType, FrameType
from typing import Any

# Include/object.h of 3.12 and 3.13, Include/refcount.h of 3.14: what an increment leaves alone.
_COUNTS = {(3, 12): 0xFFFFFFFF, (3, 13): 0xFFFFFFFF, (3, 14): 0xC0000000}
_IMMORTAL = 1 << 31  # in all of them: what a decrement leaves alone
_LOW_HALF = 4 if sys.byteorder == "big" else 0  # bytes; the upper one is flags, or unused


def immortal_count() -> int | None:
    """What makes an object immortal here; None where nobody knows.

    A build with a flag of its own (free threads, debugging) counts in another way, and so does one
    for 32 bits.
    """
    plain = sys.implementation.name == "cpython" and not sys.abiflags and sys.maxsize > 2**32
    return _COUNTS.get(sys.version_info[:2]) if plain else None


def immortalise() -> int:
    """Make all that is there immortal; returns how many objects, 0 where it cannot be done."""
    count = immortal_count()
    if count is None or not _is_proved(count):
        return 0
    return _walk(gc.get_objects(), count)


def _walk(found: list[Any], count: int) -> int:
    """Everything that can be reached. Frames are left out: theirs is the one that runs this."""
    cell = _cells()
    made = 0
    while found:
        one = found.pop()
        here = cell(id(one) + _LOW_HALF)
        if here.value & _IMMORTAL or isinstance(one, FrameType):
            continue
        here.value = count
        made += 1
        found.extend(gc.get_referents(one))
        if isinstance(one, CodeType):
            found.extend(_of_code(one))
    return made


def _of_code(code: CodeType) -> Iterable[object]:
    """What the collector does not know to be a code object's; its other attributes are copies."""
    return (
        code.co_consts, code.co_names, code.co_filename, code.co_name, code.co_qualname,
        code.co_linetable, code.co_exceptiontable,
    )  # fmt: skip


def _is_proved(count: int) -> bool:
    """Whether counts are where they should be, and one that is set does not move.

    A list holds the probe and no local name: 3.14 goes on counting for the names of running frames.
    """
    try:
        cell = _cells()
    except (ImportError, OSError, MemoryError):
        return False
    held = [object()]
    here = cell(id(held[0]) + _LOW_HALF)
    before = here.value
    more = held * 3
    if here.value != before + len(more):
        return False
    here.value = count
    more += held * 3
    kept: bool = here.value == count
    more.clear()
    return kept and here.value == count


def _cells() -> Any:
    """A function from an address to 32 bits there; the sandbox has ctypes loaded already."""
    from ctypes import c_uint32

    return c_uint32.from_address
