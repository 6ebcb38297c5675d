"""When the disk will be full, by what the log grew of late."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from papayad.formats import record
from papayad.log import forecast, segments
from papayad.settings import Chatlog

DAY = 86400
NOW = 1_800_000_000.0
FREE = 1_000_000_000


@pytest.fixture
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """On a disk with a gigabyte to spare."""
    disk = SimpleNamespace(f_bavail=FREE // 1000, f_frsize=1000)
    monkeypatch.setattr(os, "statvfs", lambda path: disk)
    return tmp_path


def segment(state_dir: Path, base: int, size: int, age: float) -> None:
    """Sparse: a first record, and nothing."""
    with open(segments.path(state_dir, base), "wb") as file:
        file.write(record.render(record.stamp(NOW - age), "alice", "-", "x"))
        file.truncate(size)


def seconds(state_dir: Path, **chatlog: int) -> float | None:
    seen = forecast.forecast(state_dir, Chatlog(**chatlog), NOW)  # type: ignore[arg-type]
    assert seen
    return seen.seconds


def test_by_what_was_written_in_the_last_days(state_dir: Path) -> None:
    """Guards: that a quiet year before is not counted."""
    segment(state_dir, 0, 1_000_000, 365 * DAY)
    segment(state_dir, 1_000_000, 400_000_000, 4 * DAY)
    assert seconds(state_dir) == pytest.approx(10 * DAY, rel=0.001)


def test_a_young_segment_says_less_than_the_one_before(state_dir: Path) -> None:
    segment(state_dir, 0, 400_000_000, 4 * DAY)
    segment(state_dir, 400_000_000, 500, 60)
    assert seconds(state_dir) == pytest.approx(10 * DAY, rel=0.001)


@pytest.mark.parametrize("age", [0, 60, 3599])
def test_a_log_that_is_too_young_has_no_rate(state_dir: Path, age: float) -> None:
    segment(state_dir, 0, 400_000_000, age)
    assert forecast.forecast(state_dir, Chatlog(), NOW) is None


def test_there_may_be_no_log(state_dir: Path) -> None:
    assert forecast.forecast(state_dir, Chatlog(), NOW) is None
    Path(segments.path(state_dir, 0)).touch()
    assert forecast.forecast(state_dir, Chatlog(), NOW) is None


@pytest.mark.parametrize(
    ("chatlog", "fills"),
    [
        ({"retain_bytes": 500_000_000}, False),
        ({"retain_bytes": 5_000_000_000}, True),
        ({"retain_days": 7}, False),  # 100 MB a day: 800 MB, of which 400 are there
        ({"retain_days": 30}, True),
        ({"retain_days": 30, "retain_bytes": 500_000_000}, False),
    ],
)
def test_retention_may_keep_it_from_filling(
    state_dir: Path, chatlog: dict[str, int], fills: bool
) -> None:
    segment(state_dir, 0, 400_000_000, 4 * DAY)
    assert (seconds(state_dir, **chatlog) is not None) == fills


@pytest.mark.parametrize(("age", "said"), [(0.5 * DAY, 1), (4 * DAY, 1), (40 * DAY, 0)])
def test_it_is_said_in_time(
    state_dir: Path, monkeypatch: pytest.MonkeyPatch, age: float, said: int
) -> None:
    monkeypatch.setattr(time, "time", lambda: NOW)
    segment(state_dir, 0, 400_000_000, age)
    lines: list[str] = []
    forecast.warn(state_dir, Chatlog(), lines.append)
    assert len(lines) == said
    if said:
        assert "at this rate" in lines[0] and "retain_days" in lines[0]
