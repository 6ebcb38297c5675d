"""Segments by their names."""

from pathlib import Path

import pytest

from papayad.log import segments


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    for base in (300, 100, 20_000_000_000_000_000_000):
        Path(segments.path(tmp_path, base)).touch()
    for name in ("committed", "1.log", "x" * 20 + ".log", f"{5:020d}.log~", f"{5:020d}.tmp"):
        (tmp_path / name).touch()
    return tmp_path


def test_names(tmp_path: Path) -> None:
    assert segments.name(0) == "00000000000000000000.log"
    assert segments.name(123) == "00000000000000000123.log"
    assert segments.path(tmp_path, 123) == str(tmp_path / segments.name(123))


def test_bases_are_in_order_and_other_files_none(state_dir: Path, tmp_path: Path) -> None:
    assert segments.bases(state_dir) == [100, 300, 20_000_000_000_000_000_000]


def test_no_segments(tmp_path: Path) -> None:
    assert segments.bases(tmp_path) == []
    assert segments.holding(tmp_path, 0) is None


@pytest.mark.parametrize(
    ("offset", "base"), [(0, None), (99, None), (100, 100), (299, 100), (300, 300), (10**9, 300)]
)
def test_which_one_holds_an_offset(state_dir: Path, offset: int, base: int | None) -> None:
    assert segments.holding(state_dir, offset) == base
