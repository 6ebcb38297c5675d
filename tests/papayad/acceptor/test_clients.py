"""What the acceptor knows of clusters: its own children, and those of acceptors before it."""

import os
import select
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from papayad.acceptor.clients import Clients, end
from papayad.state import roster
from papayad.system.platform import HAS_PIDFD


class Cluster:
    """A process that holds a roster entry's lock until it is ended."""

    def __init__(self, path: Path, name: str, user: str, session: str = "") -> None:
        self.entry = roster.Entry(name, user, "127.0.0.1:1", 0.0, 2, session)
        descriptor = roster.create(path, self.entry)
        self.pid = os.fork()
        if self.pid == 0:
            roster.complete(descriptor, os.getpid(), os.getpid())
            signal.pause()
            os._exit(0)
        os.close(descriptor)
        while not (known := roster.read(path, name)) or not known.recv:
            pass

    def wait(self) -> int:
        return os.waitpid(self.pid, 0)[1]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[list[Cluster]]:
    """Three clusters: alice's phone, alice's desk, bob's phone."""
    ones = [
        Cluster(tmp_path, "2.0", "alice", "phone"),
        Cluster(tmp_path, "2.1", "alice", "desk"),
        Cluster(tmp_path, "2.2", "bob", "phone"),
    ]
    yield ones
    for one in ones:
        try:
            os.kill(one.pid, signal.SIGKILL)
            one.wait()
        except (ProcessLookupError, ChildProcessError):
            pass


def test_own_children(tmp_path: Path, made: list[Cluster]) -> None:
    clients = Clients(tmp_path)
    for one in made:
        clients.add(one.entry, one.pid)
    assert clients.count() == 3
    assert (clients.count_of("alice"), clients.count_of("bob"), clients.count_of("x")) == (2, 1, 0)
    assert [one.entry.name for one in clients.of_session("alice", "phone")] == ["2.0"]
    assert clients.of_session("alice", "") == []
    assert clients.of_session("carol", "phone") == []
    assert clients.child_ended(made[0].pid) == made[0].entry
    assert clients.child_ended(made[0].pid) is None
    assert clients.count() == 2
    assert clients.of_session("alice", "phone") == []


@pytest.mark.skipif(not HAS_PIDFD, reason="no pidfd here")
def test_adopted_ones(tmp_path: Path, made: list[Cluster]) -> None:
    os.close(roster.create(tmp_path, roster.Entry("1.9", "gone", "127.0.0.1:1", 0.0, 1)))
    clients = Clients(tmp_path)
    pidfds = clients.adopt()
    assert len(pidfds) == clients.count() == 3
    (known,) = clients.of_session("alice", "desk")
    end(known)
    assert os.waitstatus_to_exitcode(made[1].wait()) == -signal.SIGTERM
    (ended,) = select.select(pidfds, [], [], 20)[0]
    assert clients.adopted_ended(ended).name == "2.1"
    assert clients.count_of("alice") == 1
    with pytest.raises(OSError):
        os.fstat(ended)


def test_without_pidfds_the_locks_tell(
    tmp_path: Path, made: list[Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("papayad.system.platform.HAS_PIDFD", False)
    clients = Clients(tmp_path)
    assert clients.adopt() == []
    assert clients.count() == 3
    os.kill(made[2].pid, signal.SIGKILL)
    made[2].wait()
    assert clients.count() == 2
    assert clients.count_of("bob") == 0


def test_a_stopped_one_ends_too(tmp_path: Path, made: list[Cluster]) -> None:
    clients = Clients(tmp_path)
    clients.add(made[0].entry, made[0].pid)
    os.kill(made[0].pid, signal.SIGSTOP)
    os.waitpid(made[0].pid, os.WUNTRACED)
    end(clients.of_session("alice", "phone")[0])
    assert os.waitstatus_to_exitcode(made[0].wait()) == -signal.SIGTERM
