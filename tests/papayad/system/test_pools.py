"""New objects of a forked process lie together, so that it owns few pages."""

import subprocess
import sys

import pytest

from papayad.system import pools

# Two children make some objects of each size, before the holes are filled and after that, and tell
# how many KiB they own then.
MAKE = """
import gc, os
import papayad.main
from papayad.system import pools

def own():
    lines = open("/proc/self/smaps_rollup").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:"))

def after_some_objects():
    gc.disable()
    reading, writing = os.pipe()
    if os.fork() == 0:
        before = own()
        made = [bytes(size - 33) for _ in range(8) for size in range(48, 513, 16)]
        os.write(writing, str(own() - before).encode())
        os._exit(0)
    os.wait()
    return int(os.read(reading, 32))

for generation in [[bytes(size - 33) for size in range(48, 513, 16)] for _ in range(2000)][::7]:
    pass
kept = [[bytes(size - 33) for size in range(48, 513, 16)] for _ in range(2000)]
del kept[::7], generation
before = after_some_objects()
pools.fill()
print(before, after_some_objects())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells what a process owns")
def test_what_is_made_after_a_fork_is_in_few_pages() -> None:
    command = [sys.executable, "-c", MAKE]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    before, after = map(int, done.stdout.split())
    assert after < 0.75 * before


def test_an_allocator_without_pools_is_no_endless_work() -> None:
    command = [sys.executable, "-c", "from papayad.system import pools; pools.fill()"]
    environment = {"PYTHONMALLOC": "malloc", "PYTHONPATH": ":".join(sys.path)}
    subprocess.run(command, env=environment, check=True, timeout=60)


def test_it_takes_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_kept", [])
    pools.fill()
    assert sum(len(one) for kept in pools._kept for one in kept) < 8 << 20
