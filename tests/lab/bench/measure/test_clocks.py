"""What is read from /proc, from text that it gave once."""

import os
import time

import pytest

from lab.bench.measure import clocks
from lab.bench.measure.clocks import Usage

STAT = "4711 (papayad[main]: a) b) S 1 4242 4242 0 -1 4194368 446 0 0 0 30 12 0 0 20 0 1 0 1 2 3 4"


def test_a_name_with_parentheses_hides_nothing() -> None:
    assert clocks.parse_group(STAT) == 4242


def test_the_other_files() -> None:
    assert clocks.parse_schedstat("347383378 848789 84\n") == pytest.approx(0.347383378)
    status = "Name:\tx\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t3\n"
    assert clocks.parse_status(status) == (12, 3)
    assert clocks.parse_pss("5581-5582 r--p\nRss: 12 kB\nPss:  7 kB\nPss_Dirty: 3 kB\n") == 7168
    assert clocks.parse_io("rchar: 100\nwchar: 30\nsyscr: 2\nread_bytes: 0\n") == (100, 30)
    assert clocks.parse_kernel_memory("Slab: 2 kB\nPageTables: 1 kB\nKernelStack: 1 kB\n") == 4096


def test_usage_adds_up() -> None:
    one, two = Usage(2.0, 3, 4), Usage(0.5, 1, 1)
    assert one + two - two == one


@pytest.mark.skipif(not clocks.LINUX, reason="no schedstat here")
def test_the_scheduler_counts_what_this_process_does() -> None:
    before = clocks.usage([os.getpid()])
    start = time.process_time()
    while time.process_time() - start < 0.05:
        pass
    spent = clocks.usage([os.getpid()]) - before
    assert 0.04 < spent.nanoseconds < 2.0
    assert os.getpid() in clocks.members({os.getpgrp()})
