"""Whole files: the old content or the new, never a half, and nothing left behind."""

import os
from pathlib import Path

import pytest

from papayad.system import files

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file away")


def test_a_new_file_has_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        files.write_whole(tmp_path / "new", b"content", 0o644)
    finally:
        os.umask(old)
    assert (tmp_path / "new").read_bytes() == b"content"
    assert (tmp_path / "new").stat().st_mode & 0o7777 == 0o644


def test_without_a_mode_it_is_for_the_owner(tmp_path: Path) -> None:
    files.write_whole(tmp_path / "new", b"")
    assert (tmp_path / "new").stat().st_mode & 0o7777 == 0o600


def test_an_old_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(b"before")
    path.chmod(0o640)
    files.write_whole(path, b"after", 0o600)
    assert path.read_bytes() == b"after"
    assert path.stat().st_mode & 0o7777 == 0o640


@as_root
def test_an_old_file_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_bytes(b"before")
    os.chown(path, 1234, 4321)
    files.write_whole(path, b"after")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 4321)


def test_who_has_the_old_file_open_goes_on_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with path.open("rb") as old:
        files.write_whole(path, b"after")
        assert old.read() == b"before"


def test_nothing_is_left_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    path.write_bytes(b"before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_it_is_synced_before_its_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order that leaves the old or the new after a power cut."""
    steps: list[str] = []
    rename, fsync = os.rename, os.fsync

    def recorded_fsync(descriptor: int) -> None:
        steps.append("directory" if os.path.isdir(f"/dev/fd/{descriptor}") else "content")
        fsync(descriptor)

    def recorded_rename(old: Path, new: Path) -> None:
        steps.append("rename")
        rename(old, new)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(os, "rename", recorded_rename)
    files.write_whole(tmp_path / "file", b"content")
    assert steps == ["content", "rename", "directory"]
