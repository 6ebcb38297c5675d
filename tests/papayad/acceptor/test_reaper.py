"""Who ended leaves the room, also when half of its cluster takes a moment longer."""

import os
import time
from collections.abc import Iterator
from errno import EAGAIN
from pathlib import Path

import pytest

from papayad import config
from papayad.acceptor.reaper import Reaper
from papayad.cluster.shared import Shared, share
from papayad.log import store
from papayad.sandbox.prepare import Sandbox
from papayad.state import roster
from papayad.system.journal import Journal

NOBODY = 1 << 22  # above every pid of every system


@pytest.fixture
def relay() -> Iterator[tuple[int, int]]:
    """Its ends to read and to write."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


@pytest.fixture
def shared(tmp_path: Path, relay: tuple[int, int]) -> Iterator[Shared]:
    store.prepare(tmp_path, print)
    settings = config.defaults("main", tmp_path, service={"state_dir": str(tmp_path)})
    journal = Journal("main", "stderr")
    with (tmp_path / "group").open("w") as group:  # none that is seen: the test runner is no room
        log = store.identity(tmp_path)
        yield share(settings, log, group.fileno(), relay[1], journal, Sandbox(), ())


def enter(path: Path, name: str = "2.0") -> int:
    descriptor = roster.create(path, roster.Entry(name, "alice", "127.0.0.1:1", 0.0, 2))
    roster.complete(descriptor, NOBODY, NOBODY)
    return descriptor


def test_a_lock_that_is_still_held_is_waited_for(shared: Shared, tmp_path: Path) -> None:
    """SEND ends by its tie to RECV, a moment after the acceptor heard of RECV's end."""
    path = roster.directory(tmp_path)
    descriptor = enter(path)
    reaper = Reaper(shared)
    reaper.add(["2.0"])
    until = time.monotonic() + 0.2
    while time.monotonic() < until:
        assert os.waitpid(-1, os.WNOHANG) == (0, 0)
    os.close(descriptor)
    child, status = os.waitpid(-1, 0)
    assert (reaper.child_ended(child, status), status) == (True, 0)
    assert roster.names(path) == []
    assert b"* - part alice\n" in (tmp_path / f"{0:020d}.log").read_bytes()


def test_one_that_nothing_ends_holds_up_nobody(
    shared: Shared,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    relay: tuple[int, int],
) -> None:
    """A process that waits for a disk is not ended by SIGKILL: its lock stays held."""
    monkeypatch.setattr("papayad.cluster.takeover._KILLED_AFTER", 0.0)
    monkeypatch.setattr("papayad.cluster.takeover._GIVEN_UP_AFTER", 0.1)
    path = roster.directory(tmp_path)
    stuck = enter(path)
    os.close(enter(path, "2.1"))
    reaper = Reaper(shared)
    reaper.add(["2.0", "2.1"])
    assert reaper.child_ended(*os.waitpid(-1, 0))
    assert roster.names(path) == ["2.0"]
    assert b"not ended by SIGKILL" in os.read(relay[0], 65536)
    os.close(stuck)
    reaper.add(())
    assert reaper.child_ended(*os.waitpid(-1, 0))
    assert roster.names(path) == []


def test_what_found_no_process_is_tried_again(
    shared: Shared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = roster.directory(tmp_path)
    os.close(enter(path))
    reaper = Reaper(shared)
    with monkeypatch.context() as full:
        full.setattr("os.fork", no_process)
        reaper.add(["2.0"])
    assert roster.names(path) == ["2.0"]
    reaper.add(())
    assert reaper.child_ended(*os.waitpid(-1, 0))
    assert roster.names(path) == []


def no_process() -> int:
    raise BlockingIOError(EAGAIN, "Resource temporarily unavailable")
