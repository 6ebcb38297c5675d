"""Every reader of a state directory, as a function of one name in each of its directories.

A harness as those of `parsers`: who can write there chooses the names.
"""

import os
import tempfile
from pathlib import Path

from lab.kit.hostile import DIRECTORIES, drives_nothing
from papayad.log import segments, strays
from papayad.state import groups, marks, penalty, roster


def a_name(data: bytes) -> None:
    """A file of this name, wherever one may be, is skipped or is what its name says."""
    name = os.fsdecode(data[:255])
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        return
    with tempfile.TemporaryDirectory() as directory:
        state_dir = Path(directory)
        for place in ("", *DIRECTORIES):
            (state_dir / place).mkdir(exist_ok=True)
            (state_dir / place / name).touch()
        _assert_that_it_is_read(state_dir)


def _assert_that_it_is_read(state_dir: Path) -> None:
    for base in segments.bases(state_dir):
        assert os.path.exists(segments.path(state_dir, base))
    for group in groups.numbers(groups.directory(state_dir)):
        assert (groups.directory(state_dir) / str(group)).exists()
    entries = roster.directory(state_dir)
    assert roster.living(entries) == []
    assert all((Path(entries) / name).exists() for name in roster.gone(entries))
    assert penalty.read_all(state_dir) == []
    for directory in (marks.frozen(state_dir), marks.muted(state_dir)):
        assert all((directory / user).exists() for user in marks.users(directory))
    said = strays.words(state_dir)
    said.encode()  # no part of a character is left
    assert drives_nothing(said) and len(said.splitlines()) <= 1
