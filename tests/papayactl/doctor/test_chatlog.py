"""The log's files as doctor sees them: each thing that somebody can do to them, and its remedy."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.kit.admin.ctl import ctl
from lab.kit.admin.staged import StagedRoom
from papayad.formats import record
from papayad.log import moments, segments, strays
from papayad.log.appender import Appender
from papayad.settings import Chatlog
from tests.conftest import MakeRoom
from tests.papayactl.doctor.examined import give, only

DAY = 86400


@pytest.fixture
def state_dir(healthy: StagedRoom) -> Path:
    """Of a healthy room with several segments."""
    path = healthy.settings.state_dir
    own = Appender(path, Chatlog(segment_bytes=300), lambda: None, lambda line: None)
    for number in range(20):
        own.append([("alice", f"m{number}", "hello")])
    own.close()
    for base in segments.bases(path):
        give(Path(segments.path(path, base)))
    return path


def segment(state_dir: Path, number: int) -> Path:
    return Path(segments.path(state_dir, segments.bases(state_dir)[number]))


def add(path: Path) -> Path:
    path.touch()
    give(path)
    return path


CHANGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no committed": (lambda path: (path / "committed").unlink(), "no committed end"),
    "garbage": (lambda path: (path / "committed").write_bytes(b"x"), "no committed end"),
    "forward": (
        lambda path: (path / "committed").write_bytes(b"%020d\n" % 10**19),
        "before its committed end",
    ),
    "emptied": (lambda path: os.truncate(segment(path, 1), 0), "a gap"),
    "shortened": (lambda path: os.truncate(segment(path, 1), 100), "a gap"),
    "last emptied": (lambda path: os.truncate(segment(path, -1), 0), "before its committed end"),
    "removed": (lambda path: segment(path, 2).unlink(), "a gap"),
    "aside": (lambda path: add(path / f"{5:020d}{strays.CUT}"), "that a start found"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_somebody_did_to_the_log(healthy: StagedRoom, state_dir: Path, change: str) -> None:
    assert "the log" not in healthy.ctl("doctor", "-q").stdout
    do, words = CHANGES[change]
    do(state_dir)
    (found,) = [
        one
        for one in json.loads(healthy.ctl("--json", "doctor", "-q").stdout)
        if words in one["words"]
    ]
    assert found["remedy"]
    for command in ("verify", "tail", "cat", "path"):
        result = healthy.ctl("log", command)
        assert result.is_told, command
    healthy.ctl_json("status")


def test_an_end_that_went_back(healthy: StagedRoom, state_dir: Path) -> None:
    end = int((state_dir / "committed").read_text())
    lines = segment(state_dir, -1).read_bytes().splitlines(keepends=True)
    await_tick(state_dir)
    (state_dir / "committed").write_bytes(b"%020d\n" % (end - len(lines[-1])))
    found = only(healthy, "warning")
    assert f"keeps the records to {end}" in found["words"]


def await_tick(state_dir: Path) -> None:
    """Until the file system's clock, which has ticks, is past the last record."""
    last = moments.last(state_dir, segments.bases(state_dir)[-1])
    while record.stamp((state_dir / "committed").stat().st_ctime) <= last:
        (state_dir / "committed").chmod(0o600)


def test_what_a_killed_writer_left_is_nothing_to_tell(healthy: StagedRoom, state_dir: Path) -> None:
    with segment(state_dir, -1).open("ab") as file:
        file.write(record.render(record.stamp(time.time()), "bob", "-", "never shown"))
    assert "went back" not in healthy.ctl("doctor").stdout


def test_a_segment_with_a_line_that_is_none(healthy: StagedRoom, state_dir: Path) -> None:
    with segment(state_dir, -1).open("ab") as file:
        file.write(b"garbage\n" + record.render(record.stamp(0), "bob", "-", "who knows"))
    assert "nobody can tell" in only(healthy, "failure")["words"]


def test_clients_that_have_another_end_open(make_room: MakeRoom) -> None:
    """Guards: looking at the file that they hold the lock of."""
    room = make_room()
    room.join("alice").ping()
    room.entry("alice")
    path = room.state_dir / "committed"
    new = path.with_name("new")
    new.write_bytes(path.read_bytes())
    new.chmod(0o600)
    new.rename(path)
    found = json.loads(ctl(room, "--json", "doctor", "-q").stdout)
    (one,) = [one for one in found if "it was replaced" in one["words"]]
    assert "papayactl shutdown" in one["remedy"]


def grow(room: StagedRoom, size: int, age: float) -> None:
    """A segment of so many bytes that began so many seconds ago."""
    path = segment(room.settings.state_dir, 0)
    line = record.render(record.stamp(time.time() - age), "alice", "-", "x" * 1000)
    with path.open("wb") as file:
        file.write(line)
        file.truncate(size)


@pytest.mark.parametrize(
    ("free_days", "level", "words"),
    [(0.5, "failure", "full in 12 hours"), (3, "warning", "full in 3 days"), (30, "ok", "30 days")],
)
def test_a_disk_that_will_be_full(
    healthy: StagedRoom, free_days: float, level: str, words: str
) -> None:
    disk = os.statvfs(healthy.settings.state_dir)
    rate = disk.f_bavail * disk.f_frsize / free_days  # bytes a day
    grow(healthy, int(rate * 2), 2 * DAY)
    found = json.loads(healthy.ctl("--json", "doctor").stdout)
    (one,) = [one for one in found if one["what"] == "the log's disk"]
    assert one["level"] == level
    assert words in one["words"]
