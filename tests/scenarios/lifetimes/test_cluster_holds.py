"""A cluster holds what it needs and nothing else: files, limits, signals (design sections 5, 6)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lab.kit import launch
from lab.kit.machine import kernel
from lab.kit.room import Room
from tests.conftest import MakeRoom

DEAF = {signal.SIGHUP, signal.SIGINT, signal.SIGPIPE}


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    """Alice came last, so that her cluster could have inherited the most."""
    with closing(Room("optional", limits={"auth_seconds": 3600.0})) as room:
        room.start()
        room.join("bob").ping()
        room.stop_acceptor()
        room.start()
        room.join("carol").ping()
        room.peer()  # says nothing
        room.peer().send(b"PAPAYA/1 ")
        room.join("alice").ping()
        yield room


def files(room: Room, pid: int) -> list[str]:
    """What a process has open, without numbers that are another's in each run."""
    entry, known = room.entry("alice"), []
    port = int(entry.peer.rpartition(":")[2])
    tcp = kernel.tcp_sockets()
    for file in kernel.descriptors(pid).values():
        if file in tcp:
            known.append("client" if tcp[file] == (room.port, port) else f"stranger {tcp[file]}")
        elif file.startswith(("socket:", "pipe:")):
            known.append(file.partition(":")[0])
        else:
            known.append(file.replace(f"{room.directory}/", ""))
    return sorted(known)


@pytest.mark.parametrize("role", ["recv", "send"])
def test_its_files(room: Room, role: str) -> None:
    entry = room.entry("alice")
    assert files(room, getattr(entry, role)) == sorted(
        [
            "/dev/null",
            "/dev/null",
            "/dev/null",
            "run/relay",
            "client",
            "socket",  # the tie
            "pipe",  # notices
            f"state/groups/{entry.group}",
            f"state/roster/{entry.name}",
            "state/committed",
            f"state/{0:020d}.log",
        ]
    )


@pytest.mark.parametrize("role", ["recv", "send"])
def test_its_limits(room: Room, role: str) -> None:
    pid = getattr(room.entry("alice"), role)
    assert kernel.limit(pid, "Max core file size") == ("0", "0")
    assert kernel.limit(pid, "Max processes") == ("0", "0")
    soft, hard = kernel.limit(pid, "Max open files")
    assert soft == hard
    assert int(hard) <= 32


def test_its_signals(room: Room) -> None:
    entry = room.entry("alice")
    ignored = {pid: kernel.signals(pid, "SigIgn") for pid in (entry.recv, entry.send)}
    assert ignored[entry.recv] >= DEAF | {signal.SIGUSR1, signal.SIGUSR2}
    assert ignored[entry.send] >= DEAF
    assert kernel.signals(entry.recv, "SigBlk") == set()
    # None of the acceptor's handlers; the alarm is that of who once waited for the log's lock, and
    # RECV says why it is ended.
    assert kernel.signals(entry.recv, "SigCgt") <= {signal.SIGALRM, signal.SIGTERM}
    assert kernel.signals(entry.send, "SigCgt") <= {signal.SIGALRM}


def test_send_takes_its_signals_by_waiting(room: Room) -> None:
    """They are neither ignored nor caught, so what does not end it is blocked.

    SigBlk shows that only while it does not wait: sigwaitinfo(2) lifts the block meanwhile.
    """
    pid, own = room.entry("alice").send, {signal.SIGUSR1, signal.SIGUSR2}
    assert not kernel.signals(pid, "SigIgn") & own
    assert not kernel.signals(pid, "SigCgt") & own
    for _ in range(100):
        for signum in own:
            os.kill(pid, signum)
    room.peers[-1].ping(b"afterwards")
    assert signal.SIGTERM not in kernel.signals(pid, "SigBlk")


def test_its_place(room: Room) -> None:
    entry, acceptor = room.entry("alice"), room.acceptor()
    assert kernel.parent(entry.send) == entry.recv
    assert kernel.parent(entry.recv) == acceptor
    assert os.getpgid(entry.send) == os.getpgid(entry.recv) == entry.group == acceptor
    for pid in (entry.recv, entry.send):
        assert os.readlink(f"/proc/{pid}/cwd") == "/"
        assert kernel.umask(pid) == 0o077


def test_the_acceptor_keeps_no_client(room: Room) -> None:
    """Its own copy of the socket is closed: only listening and pending ones are there."""
    tcp = kernel.tcp_sockets()
    peers = {tcp[file][1] for file in kernel.descriptors(room.acceptor()).values() if file in tcp}
    clients = {int(entry.peer.rpartition(":")[2]) for entry in room.entries()}
    assert len(clients) == 3
    assert len(peers) == 3  # the listener's is 0, and two are pending
    assert not peers & clients


def test_a_clusters_input_and_output_are_nobodys(make_room: MakeRoom) -> None:
    """Else the one who reads papayad's output would wait for the last client to leave."""
    room = make_room(start=False)
    with launch.foreground(room, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        room.join("alice").ping()
        entry = room.entry("alice")
        for pid in (entry.recv, entry.send):
            known = kernel.descriptors(pid)
            assert (known[0], known[1]) == ("/dev/null", "/dev/null")
        room.stop_acceptor()
        assert process.stdout
        assert process.stdout.read() == b""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("role", ["recv", "send"])
def test_its_short_name_says_whose_it_is(room: Room, role: str) -> None:
    comm = Path(f"/proc/{getattr(room.entry('alice'), role)}/comm").read_text()
    assert comm == f"alice {role}\n"
