"""What retention removes: sealed segments only, the oldest first, never with a hole."""

import os
from pathlib import Path

import pytest

from papayad.formats import record
from papayad.log import retention, segments
from papayad.settings import Chatlog

NOW = 1_000_000_000.0
DAY = 86400.0


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """Segments of 100 bytes, the last one empty; the older ones 3, 2, 1 and 0 days old."""
    for place in range(4):
        path = Path(segments.path(tmp_path, place * 100))
        path.write_bytes(bytes(100 if place < 3 else 0))
        seconds = NOW - (3 - place) * DAY
        os.utime(path, (seconds, seconds))
    return tmp_path


def prune(state_dir: Path, **keep: int) -> list[int]:
    removed = retention.prune(state_dir, Chatlog(**keep), NOW)  # type: ignore[arg-type]
    assert segments.bases(state_dir) == [base for base in (0, 100, 200, 300) if base not in removed]
    return removed


def test_all_is_kept(state_dir: Path) -> None:
    assert prune(state_dir) == []


@pytest.mark.parametrize(
    ("most", "removed"),
    [(1, [0, 100]), (100, [0, 100]), (101, [0]), (200, [0]), (201, []), (10**9, [])],
)
def test_bytes(state_dir: Path, most: int, removed: list[int]) -> None:
    """What is kept is at least that much; the segment that was just sealed has the last of it."""
    assert prune(state_dir, retain_bytes=most) == removed


@pytest.mark.parametrize(("days", "removed"), [(1, [0, 100]), (2, [0]), (3, []), (400, [])])
def test_days(state_dir: Path, days: int, removed: list[int]) -> None:
    assert prune(state_dir, retain_days=days) == removed


def test_either_is_enough(state_dir: Path) -> None:
    assert prune(state_dir, retain_bytes=101, retain_days=1) == [0, 100]


def test_a_young_segment_protects_what_is_behind_it(state_dir: Path) -> None:
    """A copy may have given the oldest one a new time: no hole comes of it."""
    os.utime(segments.path(state_dir, 0), (NOW, NOW))
    assert prune(state_dir, retain_days=1) == []


def test_the_last_segment_stays(state_dir: Path) -> None:
    os.utime(segments.path(state_dir, 300), (0, 0))
    assert 300 not in prune(state_dir, retain_days=1, retain_bytes=1)


def test_there_may_be_none(tmp_path: Path) -> None:
    assert retention.prune(tmp_path, Chatlog(retain_bytes=1), NOW) == []


def test_the_records_say_how_old_they_are(state_dir: Path) -> None:
    """Guards: believing the last record before the file, which a restored copy made young."""
    for place, days in ((0, 3), (100, 2), (200, 1)):
        line = record.render(record.stamp(NOW - days * DAY - 1), "a", "-", "x" * 60)
        Path(segments.path(state_dir, place)).write_bytes(line)
        os.utime(segments.path(state_dir, place), (NOW, NOW))
    assert prune(state_dir, retain_days=2) == [0, 100]
