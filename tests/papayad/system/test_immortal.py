"""The immortal heap: a forked process does not write to what it looks at; a reload leaks once."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from lab.kit.room import Room, wait_for
from papayad.system import immortal

# From 3.12 on a Python that the table does not know fails here: then the table needs its row.
not_before_312 = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="immortal objects came with Python 3.12"
)
on_a_plain_build = pytest.mark.skipif(
    bool(sys.abiflags) or sys.maxsize < 2**32 or sys.implementation.name != "cpython",
    reason="a build that counts references in another way",
)

# Forks two children that look at every object that there was, and tells how many pages each owns
# then: one before all was made immortal, one after.
LOOK = """
import gc, os
import papayad.main
from papayad.system import immortal

def own():
    lines = open("/proc/self/smaps_rollup").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:"))

def after_a_look():
    gc.disable()
    reading, writing = os.pipe()
    if os.fork() == 0:
        for one in known:
            held = [one, one]
        os.write(writing, str(own()).encode())
        os._exit(0)
    os.wait()
    return int(os.read(reading, 32))

known = gc.get_objects()
before = after_a_look()
made = immortal.immortalise()
print(before, after_a_look(), made)
"""

# As the acceptor ends: by sys.exit, with everything immortal, and with a reload's waste to free.
END = """
import papayad.main
from papayad.system import immortal
import gc, sys
immortal.immortalise()
gc.collect()
sys.exit(0 if gc.get_stats() else 1)
"""


def run(source: str) -> str:
    command = [sys.executable, "-c", source]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@not_before_312
@on_a_plain_build
def test_a_child_that_looks_at_everything_copies_little() -> None:
    before, after, made = map(int, run(LOOK).split())
    assert made > 10_000
    assert after < before / 2


@not_before_312
@on_a_plain_build
def test_what_is_made_immortal_is_and_what_comes_later_is_not() -> None:
    source = """
import sys
from papayad.system import immortal
old = ["a list", ("a tuple", 7.5), {"a": "dict"}]
immortal.immortalise()
counts = [sys.getrefcount(one) for one in (old, *old, old[1][1], run.__code__.co_consts[1])]
new = ["a new one"]
print(min(counts) >= 1 << 31, sys.getrefcount(new) < 10)
"""
    assert run("def run(): return 'a constant', 12345\n" + source) == "True True\n"


def test_a_process_ends_in_good_order_with_all_immortal() -> None:
    run(END)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python has immortal objects")
def test_without_immortal_objects_nothing_is_done() -> None:
    assert immortal.immortalise() == 0


@pytest.mark.parametrize(
    ("version", "flags"), [((3, 11), ""), ((3, 13), "t"), ((3, 13), "d"), ((3, 99), "")]
)
def test_a_build_that_is_not_known_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], flags: str
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(sys, "abiflags", flags)
    assert immortal.immortalise() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of a process's memory")
def test_what_reloads_leave_behind_does_not_grow(make_room: Callable[..., Room]) -> None:
    """What was replaced first is never freed; whatever replaces that is."""
    room = make_room("required")
    acceptor = room.acceptor()

    def reload_often(times: int) -> int:
        said = room.journal().count("re-read")
        for one in range(times):
            os.kill(acceptor, 1)
            wait_for(lambda one=one: room.journal().count("re-read") > said + one)  # type: ignore[misc]
        return _resident(acceptor)

    before = reload_often(20)
    assert reload_often(100) - before < 64 * os.sysconf("SC_PAGESIZE")


def _resident(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")
