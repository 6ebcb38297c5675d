"""Equal pages merged by the kernel: what MemoryKSM=yes in a systemd unit does (Linux 6.4).

papayad knows nothing of it: a process that asks for it hands it down, through fork and exec. The
kernel looks for equal pages only where root has started that (/sys/kernel/mm/ksm/run).
"""

import time
from collections.abc import Callable, Collection
from pathlib import Path

from lab.bench.measure import clocks
from lab.bench.tools import Missing

RUN = Path("/sys/kernel/mm/ksm/run")
_PR_SET_MEMORY_MERGE = 67
_LOOK = 10.0  # seconds
_LESS = 0.99  # it goes on while memory shrinks below this share of what it was
_PATIENCE = 600.0


def ask() -> None:
    """Ask for this process and all that it starts from now on. Raises Missing."""
    try:
        running = RUN.read_text().strip() == "1"
    except OSError:
        running = False
    if not running:
        raise Missing(f"the kernel merges no pages: echo 1 > {RUN}")
    import ctypes

    if ctypes.CDLL(None).prctl(_PR_SET_MEMORY_MERGE, 1, 0, 0, 0) != 0:
        raise Missing("this kernel merges pages of whole processes from Linux 6.4 on only")


def await_rest(pids: Callable[[], Collection[int]]) -> None:
    """Wait until the kernel finds no more to merge, for ten minutes at most."""
    deadline = time.monotonic() + _PATIENCE
    before = clocks.pss(pids())
    while time.monotonic() < deadline:
        time.sleep(_LOOK)
        now = clocks.pss(pids())
        if now > before * _LESS:
            return
        before = now
