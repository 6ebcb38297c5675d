"""Either process of a cluster ends, however: the other ends at once (design section 6).

The socket closes, the roster entry goes, the others see one `part`, and no process is left.
"""

import fcntl
import os
import signal
from contextlib import suppress

import pytest

from lab.kit.machine.kernel import of_group, parent, process_group
from lab.kit.processes import freeze, is_waiting_for, needs_proc_locks, wait_until_gone
from lab.kit.room import Peer, Room, wait_for
from papayad.log.committed import FILE
from papayad.state import roster
from papayad.state.roster import Entry
from tests.conftest import MakeRoom

ROLES = {"recv": ("recv",), "send": ("send",), "both": ("recv", "send")}
CROWD = 20


def pids(entry: Entry, which: str) -> list[int]:
    return [getattr(entry, role) for role in ROLES.get(which, ())]


def assert_gone(room: Room, peer: Peer, entry: Entry, witness: Peer) -> None:
    """Nothing is left of a cluster, and everybody was told once."""
    witness.read_until(b"* - part alice\n")
    peer.read_to_end()
    wait_until_gone(pids(entry, "both"))
    assert entry.name not in roster.names(roster.directory(room.state_dir))
    witness.send(b"WHO\n")
    witness.read_until(b"! online bob\n")
    assert witness.ping().count(b"* - part alice\n") == 1
    assert room.log().count(b"* - part alice\n") == 1


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("which", ROLES)
def test_killed(make_room: MakeRoom, which: str, signum: signal.Signals) -> None:
    """Guards: the tie, in both directions."""
    room = make_room()
    bob = room.join("bob")
    alice = room.join("alice")
    entry = room.entry("alice")
    for pid in pids(entry, which):
        os.kill(pid, signum)
    assert_gone(room, alice, entry, bob)


@pytest.mark.parametrize("frozen", ROLES)
@pytest.mark.parametrize("which", ["recv", "send"])
def test_killed_while_one_is_frozen(make_room: MakeRoom, which: str, frozen: str) -> None:
    """Guards: that the tie's signal is one that reaches a stopped process."""
    room = make_room()
    bob = room.join("bob")
    alice = room.join("alice")
    entry = room.entry("alice")
    for pid in pids(entry, frozen):
        freeze(pid)
    os.kill(pids(entry, which)[0], signal.SIGKILL)
    assert_gone(room, alice, entry, bob)


@pytest.mark.parametrize("which", ROLES)
def test_killed_without_an_acceptor(make_room: MakeRoom, which: str) -> None:
    """Guards: that the two are tied to each other, and that whoever looks first reaps."""
    room = make_room()
    bob = room.join("bob")
    alice = room.join("alice")
    entry = room.entry("alice")
    room.stop_acceptor()
    for pid in pids(entry, which):
        os.kill(pid, signal.SIGKILL)
    alice.read_to_end()
    wait_until_gone(pids(entry, "both"))
    bob.send(b"WHO\n")
    assert_gone(room, alice, entry, bob)


@pytest.mark.parametrize("which", ROLES)
def test_many_at_once(make_room: MakeRoom, which: str) -> None:
    """Guards: waiting for the last process of a cluster before its entry is looked at."""
    room = make_room()
    bob = room.join("bob")
    for number in range(CROWD):
        room.join(f"user{number}")
    entries = [room.entry(f"user{number}") for number in range(CROWD)]
    for entry in entries:
        for pid in pids(entry, which):
            with suppress(ProcessLookupError):  # the first took the second along already
                os.kill(pid, signal.SIGKILL)
    for entry in entries:
        bob.read_until(f"* - part {entry.user}\n".encode())
        wait_until_gone(pids(entry, "both"))
    assert roster.names(roster.directory(room.state_dir)) == [room.entry("bob").name]
    last = room.entry("bob")
    everybody = {room.acceptor(), last.recv, last.send}
    wait_for(lambda: set(of_group(last.group)) == everybody)
    for entry in entries:
        assert bob.ping().count(f"* - part {entry.user}\n".encode()) == 1


def held_up(room: Room) -> list[int]:
    """The acceptor's children, RECVs and the reaper, that wait for the log's lock."""
    lock = room.state_dir / FILE
    return [
        pid
        for pid in of_group(process_group(room.acceptor()))
        if parent(pid) == room.acceptor() and is_waiting_for(lock, pid)
    ]


@needs_proc_locks
def test_killed_before_it_joined(make_room: MakeRoom) -> None:
    """Guards: that nobody parts who was never seen to join."""
    room = make_room()
    bob = room.join("bob")
    bob.ping()
    with (room.state_dir / FILE).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        alice = room.peer()
        alice.send(b"PAPAYA/1 %b\n" % room.token("alice").encode())
        (recv,) = wait_for(lambda: held_up(room))
        os.kill(recv, signal.SIGKILL)
        wait_for(lambda: held_up(room) not in ([], [recv]))
    wait_for(lambda: len(roster.names(roster.directory(room.state_dir))) == 1)
    assert b"alice" not in bob.ping()
