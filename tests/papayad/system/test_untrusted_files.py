"""A directory that others write: what is no plain file of ours is skipped, and ends nobody."""

import os
from errno import EIO
from pathlib import Path

import pytest

from lab.kit import hostile
from papayad.system import files, locks


@pytest.mark.parametrize("name", hostile.NAMES)
def test_a_number_is_written_in_one_way(name: str) -> None:
    assert files.number(name) == 0


@pytest.mark.parametrize("name", ["1", "4711", "999999999"])
def test_a_number(name: str) -> None:
    assert files.number(name) == int(name)


def test_only_plain_files_are_opened(tmp_path: Path) -> None:
    """In an instant: no pipe is waited for."""
    held = hostile.plant(tmp_path, "{}", os.getpid())
    plain = files.plain_names(tmp_path)
    for name in os.listdir(tmp_path):
        descriptor = files.open_plain(tmp_path / name)
        assert descriptor < 0 or name in plain
        if descriptor >= 0:
            os.close(descriptor)
        content = files.read_plain(tmp_path / name, 64)
        assert content is None or len(content) <= 64
        locks.is_held_at(tmp_path / name)
    assert not locks.is_held_at(tmp_path / "72")  # a directory, which is locked
    assert locks.is_held_at(tmp_path / "76")
    for descriptor in held:
        os.close(descriptor)


def test_what_the_system_cannot_do_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: a living client's entry that could not be opened is not that of a gone one."""

    def fail(*_: object) -> int:
        raise OSError(EIO, "no")

    monkeypatch.setattr(files, "open_file", fail)
    with pytest.raises(OSError, match="no"):
        locks.is_held_at(tmp_path)


def test_an_owner_is_the_kernels_word(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("1\n")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        descriptor = os.open(path, os.O_RDWR)
        locks.own(descriptor)
        if os.fork() == 0:  # a child of its has the descriptor, and is not the owner
            os.read(reading, 1)
            os._exit(0)
        os.read(reading, 1)
        os._exit(0)
    descriptor = os.open(path, os.O_RDONLY)
    while not (owner := locks.owner(descriptor)):
        pass
    assert owner == child
    os.write(writing, b"23")
    os.waitpid(child, 0)
    assert locks.owner(descriptor) == 0
    os.close(descriptor)
    os.close(reading)
    os.close(writing)
