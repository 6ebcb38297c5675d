"""The roster: what is an entry in its directory, and from when on."""

import fcntl
import os
import time
from pathlib import Path

import pytest

from papayad.state import roster
from papayad.state.roster import Entry


def test_an_entry_is_there_when_it_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is just being made is no entry of somebody who has gone: that would be removed."""
    seen: list[list[str]] = []

    def flock(descriptor: int, how: int) -> None:
        seen.append([*os.listdir(tmp_path), *roster.names(tmp_path)])

    monkeypatch.setattr(fcntl, "flock", flock)
    os.close(roster.create(tmp_path, Entry("4711.0", "alice", "[::1]:7", time.time(), 4711)))
    (listed,) = seen
    assert len(listed) == 1
    assert roster.names(tmp_path) == ["4711.0"]
