"""Segments by their names."""

import os
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


def test_names_that_others_made(tmp_path: Path) -> None:
    """Guards: digits of ASCII only, and a regular file only."""
    for name in ("²" * 20, "٣" * 20, "\uff11" * 20, "+" + "1" * 19, "1_" * 10, " " + "1" * 19):
        (tmp_path / f"{name}.log").touch()
    (tmp_path / segments.name(1)).symlink_to("/etc/passwd")
    (tmp_path / segments.name(2)).symlink_to(tmp_path / "nowhere")
    (tmp_path / segments.name(3)).mkdir()
    os.mkfifo(tmp_path / segments.name(4))
    (tmp_path / segments.name(5)).touch()
    assert segments.bases(tmp_path) == [5]


def test_a_link_is_not_opened(tmp_path: Path) -> None:
    """Guards: looking again at what is opened, since its name was listed a while ago."""
    (tmp_path / segments.name(0)).symlink_to(tmp_path / "other")
    (tmp_path / "other").touch()
    with pytest.raises(OSError, match="symbolic links"):
        segments.open_segment(tmp_path, 0)


def test_no_segments(tmp_path: Path) -> None:
    assert segments.bases(tmp_path) == []
    assert segments.holding(tmp_path, 0) is None


@pytest.mark.parametrize(
    ("offset", "base"), [(0, None), (99, None), (100, 100), (299, 100), (300, 300), (10**9, 300)]
)
def test_which_one_holds_an_offset(state_dir: Path, offset: int, base: int | None) -> None:
    assert segments.holding(state_dir, offset) == base
