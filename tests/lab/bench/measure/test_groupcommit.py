"""The simulation of group commit, where one can count by hand."""

import pytest

from lab.bench.measure.groupcommit import one_by_one, p99, together


def test_who_comes_alone_waits_for_one_sync_either_way() -> None:
    assert one_by_one([0.0, 1.0], 0.005) == pytest.approx([0.005, 0.005])
    assert together([0.0, 1.0], 0.005) == pytest.approx([0.005, 0.005])


def test_who_come_during_a_sync_share_the_next() -> None:
    times = [0.0, 0.001, 0.002, 0.003]
    assert one_by_one(times, 0.005)[-1] == pytest.approx(0.017)
    assert together(times, 0.005) == pytest.approx([0.005, 0.009, 0.008, 0.007])


def test_at_the_disks_limit_only_sharing_holds() -> None:
    alone, shared = p99(190.0, 0.005)
    assert shared <= 0.010001 < alone
