"""What root makes where somebody else may have been."""

import os
import stat
from pathlib import Path

import pytest

from lab.kit.room import ROOT
from papayad.system import directories

pytestmark = pytest.mark.skipif(not ROOT, reason="only root gives directories away")

NOBODY = 65534


@pytest.fixture
def safe(tmp_path: Path) -> Path:
    """A directory that nobody but root can write."""
    tmp_path.chmod(0o755)
    return tmp_path


def owner(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)


def test_it_is_made_with_all_above_it(safe: Path) -> None:
    path = safe / "a" / "b" / "c"
    directories.make(path, 0o750, NOBODY, NOBODY)
    assert owner(path) == (NOBODY, NOBODY, 0o750)
    assert owner(path.parent) == (0, 0, 0o755)


def test_one_that_is_roots_is_given_and_one_that_was_given_is_left(safe: Path) -> None:
    path = safe / "there"
    path.mkdir(mode=0o700)
    directories.make(path, 0o755, NOBODY, NOBODY)
    assert owner(path) == (NOBODY, NOBODY, 0o755)
    directories.make(path, 0o700, 0, 0)
    assert owner(path) == (NOBODY, NOBODY, 0o755)


@pytest.mark.parametrize("absolute", [True, False])
def test_roots_links_are_followed(safe: Path, absolute: bool) -> None:
    (safe / "real").mkdir()
    (safe / "link").symlink_to(safe / "real" if absolute else "real")
    (safe / "again").symlink_to(safe / "link" if absolute else "../" + safe.name + "/link")
    directories.make(safe / "again" / "made", 0o755, NOBODY, NOBODY)
    assert owner(safe / "real" / "made") == (NOBODY, NOBODY, 0o755)


def test_nobody_elses_links_are(safe: Path) -> None:
    (safe / "precious").mkdir(mode=0o700)
    theirs = safe / "theirs"
    theirs.mkdir()
    (theirs / "link").symlink_to(safe / "precious")
    os.chown(theirs, NOBODY, NOBODY)
    for path in (theirs / "link", theirs / "link" / "made"):
        with pytest.raises(OSError, match="symbolic links"):
            directories.make(path, 0o755, NOBODY, NOBODY)
    assert owner(safe / "precious") == (0, 0, 0o700)
    assert list((safe / "precious").iterdir()) == []


def test_links_in_a_circle_are_an_error(safe: Path) -> None:
    (safe / "one").symlink_to("other")
    (safe / "other").symlink_to("one")
    with pytest.raises(OSError, match="symbolic links"):
        directories.make(safe / "one" / "made", 0o755, NOBODY, NOBODY)


def test_what_is_no_directory_is_an_error(safe: Path) -> None:
    (safe / "file").touch()
    with pytest.raises(NotADirectoryError):
        directories.make(safe / "file" / "made", 0o755, NOBODY, NOBODY)
