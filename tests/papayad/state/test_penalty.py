"""Penalties: points of failures, that grow, fade, and are forgotten, in a bounded table."""

from pathlib import Path

import pytest

from papayad.state import penalty as penalties
from papayad.state.penalty import Penalty, Scale, Table

SCALE = Scale(threshold=10.0, half_life=60.0)


def fail(table: Table, times: int, now: float = 100.0, source: str = "192.0.2.1") -> Penalty:
    for _ in range(times):
        last = table.charge(source, "auth", SCALE, now)
    return last


def test_one_failure_refuses_nobody() -> None:
    assert not fail(Table(), 1).refuses(SCALE, 100.0)


def test_failures_cost_more_the_more_there_are() -> None:
    table = Table()
    scores = [fail(table, 1).score for _ in range(4)]
    assert scores == [2.0, 6.0, 12.0, 20.0]
    assert fail(table, 1).refuses(SCALE, 100.0)


def test_points_fade_by_half() -> None:
    penalty = fail(Table(), 4)
    assert penalty.faded(SCALE, 160.0) == pytest.approx(10.0)
    assert penalty.refuses(SCALE, 159.0)
    assert not penalty.refuses(SCALE, 161.0)
    assert penalty.refused_for(SCALE, 100.0) == pytest.approx(60.0)
    assert penalty.refused_for(SCALE, 161.0) == 0.0


def test_who_failed_long_ago_begins_anew() -> None:
    table = Table()
    fail(table, 4, now=0.0)
    assert fail(table, 1, now=600.0) == Penalty("192.0.2.1", 2.0, 600.0, 1, "auth")


def test_a_score_has_an_end() -> None:
    penalty = fail(Table(), 1000)
    assert penalty.refused_for(SCALE, 100.0) == pytest.approx(6 * SCALE.half_life)


def test_a_threshold_of_zero_refuses_nobody() -> None:
    assert not fail(Table(), 1000).refuses(Scale(0.0, 60.0), 100.0)


def test_the_table_is_bounded_and_forgets_the_oldest() -> None:
    table = Table(most=3)
    for number in range(5):
        fail(table, 4, source=f"192.0.2.{number}")
    assert table.surplus(SCALE, 100.0) == ["192.0.2.0", "192.0.2.1"]
    assert len(table) == 3
    assert table.surplus(SCALE, 10_000.0) == ["192.0.2.2", "192.0.2.3", "192.0.2.4"]


def test_a_mark_is_read_as_it_was_written(tmp_path: Path) -> None:
    penalties.directory(tmp_path).mkdir()
    known = [
        Penalty("2001:db8::/64", 12.5, 10.0, 3, "auth"),
        Penalty("192.0.2.1", 1, 20, 1, "auth"),
    ]
    for one in known:
        penalties.mark(tmp_path, one.source).write_text(penalties.render(one))
    penalties.mark(tmp_path, "192.0.2.9").write_bytes(b"\xff\n")
    penalties.mark(tmp_path, "192.0.2.8").write_text("192.0.2.8 score=many\n")
    penalties.mark(tmp_path, "192.0.2.7").write_text(penalties.render(known[1]))
    assert penalties.read_all(tmp_path) == known


def test_a_mark_of_before_the_boot_is_void() -> None:
    assert Penalty("192.0.2.1", 100.0, 5000.0, 9, "auth").is_over(SCALE, 10.0)
