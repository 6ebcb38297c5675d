"""A room where the system has only what every Unix has: each fallback of ours, forced on Linux.

What docs/portability.md lists as missing elsewhere is taken away before papayad is imported.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.kit.room import Room, is_alive, wait_for

POORER = """
import fcntl, os, select, signal, socket, sys
import psutil  # knows no other system

del fcntl.F_SETSIG, os.pidfd_open, signal.pidfd_send_signal, signal.sigwaitinfo, os.fdatasync
del select.POLLRDHUP, socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT
sys.platform = "other"
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux has all of it to take away")


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    tmp_path.chmod(0o755)
    (tmp_path / "sitecustomize.py").write_text(POORER)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.getcwd()}")
    made = Room()
    yield made
    made.close()


def test_a_conversation(room: Room) -> None:
    room.start()
    alice, bob = room.join("alice"), room.join("bob")
    alice.send(b"MSG a1 hello, world\n")
    assert b" alice a1 hello, world\n" in bob.read_until(b"hello, world\n")
    alice.ping()
    assert alice.records() in room.log()


@pytest.mark.parametrize("role", ["recv", "send"])
def test_either_process_takes_the_other_along(room: Room, role: str) -> None:
    room.start()
    room.join("alice").ping()
    entry = room.entry("alice")
    os.kill(entry.recv if role == "recv" else entry.send, signal.SIGKILL)
    wait_for(lambda: not is_alive(entry.recv) and not is_alive(entry.send))


def test_a_restart_leaves_the_sessions(room: Room) -> None:
    room.start()
    alice = room.join("alice")
    alice.ping()
    room.stop_acceptor()
    room.start()
    bob = room.join("bob")
    alice.send(b"MSG a2 still here\n")
    bob.read_until(b"still here\n")
    assert room.join("alice", session="s").ping()
    assert room.join("alice", session="s").ping(), "a takeover without pidfds"


def test_papayactl_sees_and_ends_a_client(room: Room) -> None:
    room.start()
    room.join("alice").ping()
    entry = room.entry("alice")
    (seen,) = json.loads(ctl(room, "--json", "list"))
    assert (seen["user"], seen["recv"], seen["send"]) == ("alice", entry.recv, entry.send)
    ctl(room, "kill", "alice")
    wait_for(lambda: not is_alive(entry.recv) and not is_alive(entry.send))


def ctl(room: Room, *words: str) -> str:
    command = [sys.executable, "-m", "papayactl", "--config", str(room.path), *words]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
