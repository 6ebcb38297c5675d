"""Who was stopped with the log's lock holds the room up for a moment only (design section 4)."""

import fcntl
import os
import signal
import subprocess
import sys

import pytest

from lab.kit.room import ROOT, Room, wait_for
from papayad.state import groups
from tests.conftest import MakeRoom

STOPPED_HOLDER = """
import fcntl, os, signal, sys
descriptor = os.open(sys.argv[1], os.O_RDWR)
fcntl.flock(descriptor, int(sys.argv[2]))
os.kill(os.getpid(), signal.SIGSTOP)
"""


def stop_in_lock(room: Room, operation: int) -> "subprocess.Popen[bytes]":
    """A process of the room's user that is stopped while it holds the log's lock."""
    command = [sys.executable, "-c", STOPPED_HOLDER, str(room.state_dir / "committed")]
    user = "nobody" if ROOT else None
    process = subprocess.Popen([*command, str(operation)], user=user)
    wait_for(lambda: os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT | os.WNOHANG))
    return process


@pytest.mark.skipif(not os.path.exists("/proc/locks"), reason="needs /proc/locks")
def test_a_stopped_holder_of_the_lock_is_killed(make_room: MakeRoom) -> None:
    """By a writer, whatever lock it is; and by a reader: three rooms, which wait together."""
    rooms = [make_room() for _ in range(3)]
    peers = [room.join("alice") for room in rooms]
    for peer in peers:
        peer.ping()
    locks = (fcntl.LOCK_EX, fcntl.LOCK_SH, fcntl.LOCK_EX)
    holders = [stop_in_lock(room, lock) for room, lock in zip(rooms, locks, strict=True)]
    for peer in peers[:2]:
        peer.send(b"MSG a1 after all\n")
    os.kill(rooms[2].entry("alice").send, groups.ANNOUNCEMENT)
    for room, holder in zip(rooms, holders, strict=True):
        assert holder.wait() == -signal.SIGKILL
        line = f"killed process {holder.pid}, which held the log's lock for seconds"
        wait_for(lambda room=room, line=line: line in room.journal())  # type: ignore[misc]
    for peer in peers[:2]:
        peer.read_until(b" alice a1 after all\n")
    peers[2].ping()
