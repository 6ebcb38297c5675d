"""Objects whose reference counts are never written again (PEP 683). Run by the acceptor, once.

CPython writes to each object that it looks at: the reference count. A page that a forked process
writes to becomes a copy of its own. Most of what a client cost was such pages, with counts that had
changed and changed back. Since 3.12 an object with a certain count is immortal, and CPython no
longer writes its count. The interpreter has no function that makes an object immortal, so the count
is written directly into memory: for versions in a table, after a probe. For others nothing is done.

An immortal object is never freed. A reload's new configuration and certificate are ordinary
objects, and what they replace stays in memory until the acceptor ends: once, however often it is
replaced.
"""

import gc
import sys
from collections.abc import Iterable
from types import CodeType, FrameType
from typing import Any

# Include/object.h of 3.12 and 3.13: an increment changes every count but this one. In
# Include/refcount.h of 3.14 it changes no count from 0xC0000000 on; names of frames that run
# already still count, so there has to be room on both sides.
_COUNTS = {(3, 12): 0xFFFFFFFF, (3, 13): 0xFFFFFFFF, (3, 14): 0xE0000000}
_IMMORTAL = 1 << 31  # in all of them: what a decrement leaves alone
_LOW_HALF = 4 if sys.byteorder == "big" else 0  # bytes; the upper one is flags, or unused


def immortal_count() -> int | None:
    """The count that makes an object immortal in this interpreter; None where it is not known.

    Builds with free threads or for debugging count in another way, and so do 32-bit builds.
    """
    plain = sys.implementation.name == "cpython" and not sys.abiflags and sys.maxsize > 2**32
    return _COUNTS.get(sys.version_info[:2]) if plain else None


def immortalise() -> int:
    """Make all objects immortal; return how many, 0 where it cannot be done."""
    count = immortal_count()
    if count is None or not _is_proved(count):
        return 0
    return _walk(gc.get_objects(), count)


def _walk(found: list[Any], count: int) -> int:
    """Everything that can be reached, without frames: one of them runs this."""
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
    """Objects of a code object that the collector does not know; other attributes are copies."""
    return (
        code.co_consts, code.co_names, code.co_filename, code.co_name, code.co_qualname,
        code.co_linetable, code.co_exceptiontable,
    )  # fmt: skip


def _is_proved(count: int) -> bool:
    """Whether the counts are where they are expected, and a count that was set does not change.

    A list holds the probe, not a local name: 3.14 still counts for the names of running frames.
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
    """A function that gives the 32 bits at an address; the sandbox has loaded ctypes already."""
    from ctypes import c_uint32

    return c_uint32.from_address
