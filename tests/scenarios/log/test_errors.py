"""A system call for the log fails: it costs that message or that client (design section 4)."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from lab.kit.machine.injection import injecting, needs_strace
from lab.kit.room import Peer, Room, wait_for
from papayad.formats import record
from papayad.log import segments
from tests.conftest import MakeRoom

pytestmark = needs_strace


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with closing(Room()) as room:
        room.start()
        yield room


def said(data: bytes) -> list[str]:
    """The texts that people wrote, in order; every line is a record."""
    known = [record.parse(line) for line in data.splitlines()]
    assert all(known)
    return [one.text for one in known if one and one.sender != record.SERVER]


def end(room: Room, *peers: Peer) -> None:
    for peer in peers:
        peer.close()
    wait_for(lambda: not room.entries())


@pytest.mark.parametrize(
    "fault",
    [
        *(f"{call}:error={error}:when=1" for call in ("write", "fdatasync", "pwrite64", "pread64")
          for error in ("ENOSPC", "EIO", "EDQUOT", "EFBIG")),
        "write:error=EROFS:when=1",
        "write:retval=7:when=1",
        "pwrite64:retval=7:when=1",
        "%fstat:error=EIO:when=1",
        "ftruncate:error=EIO:when=1+",
    ],
)  # fmt: skip
def test_a_failed_append_is_told_and_leaves_nothing(room: Room, fault: str) -> None:
    alice, bob = room.join("alice", last=0), room.join("bob", last=0)
    alice.ping()
    faults = [fault, "write:error=ENOSPC:when=1"] if "ftruncate" in fault else [fault]
    with injecting(room.entry("alice").recv, *faults):
        alice.send(b"MSG m1 lost\n")
        alice.read_until(b"! error storage m1 ")
        alice.send(b"MSG m2 kept\n")
        alice.read_until(b" alice m2 kept\n")
    bob.read_until(b" alice m2 kept\n")
    assert said(alice.records()) == said(bob.records()) == ["kept"]
    said(room.log())
    end(room, alice, bob)


@pytest.mark.parametrize(
    "fault",
    [
        "fsync:error=EIO:when=1",  # of the segment that is sealed
        "fsync:error=EIO:when=2",  # of the directory that has the new name
        "openat:error=ENOSPC:when=1",
        "openat:error=EMFILE:when=1",
        "write:error=ENOSPC:when=1",  # into the new segment
    ],
)
def test_a_segment_that_could_not_be_begun(make_room: MakeRoom, fault: str) -> None:
    room = make_room(chatlog={"segment_bytes": 256})
    alice, bob = room.join("alice", last=0), room.join("bob", last=0)
    alice.ping()
    bob.ping()  # so that both joins are in the first segment, and it is m2 that begins another
    text = "x" * 150  # a segment has one of them
    alice.send(f"MSG m1 {text}\n".encode())
    alice.ping()
    with injecting(room.entry("alice").recv, fault):
        alice.send(f"MSG m2 {text}\n".encode())
        alice.read_until(b"! error storage m2 ")
        alice.send(f"MSG m3 {text}\n".encode())
        alice.read_until(b" alice m3 ")
    bob.send(f"MSG m4 {text}\n".encode())
    alice.read_until(b" bob m4 ")
    bob.read_until(b" bob m4 ")
    assert said(room.log()) == [text] * 3
    bases = segments.bases(room.state_dir)
    assert bases == sorted(bases)
    assert alice.records().endswith(room.log()[-200:])
    assert bob.records().endswith(room.log()[-200:])


@pytest.mark.parametrize("fault", ["sendfile:error=EIO:when=1", "pread64:error=EIO:when=1"])
def test_a_failed_read_costs_a_connection_and_nothing_else(room: Room, fault: str) -> None:
    """Who comes back with its cursor has it all."""
    alice, bob = room.join("alice", last=0), room.join("bob", last=0)
    bob.ping()  # that he has come in is announced: nothing else wakes alice's SEND
    alice.ping()
    assert alice.greeting
    with injecting(room.entry("alice").send, fault):
        bob.send(b"MSG b1 not for alice now\n")
        alice.read_to_end()
    since = alice.greeting.offset + len(alice.records())
    again = room.join("alice", since=since, log=alice.greeting.log)
    again.ping()
    assert said(alice.records() + again.records()) == ["not for alice now"]
    bob.read_until(b" * - part alice\n")
    end(room, again, bob)


@pytest.mark.parametrize("call", ["write", "fdatasync", "pwrite64"])
def test_a_part_that_is_not_written_is_a_part_all_the_same(room: Room, call: str) -> None:
    alice, bob = room.join("alice", last=0), room.join("bob", last=0)
    alice.ping()
    with injecting(room.entry("alice").recv, f"{call}:error=EIO:when=1+"):
        alice.close()
        wait_for(lambda: [one.user for one in room.entries()] == ["bob"])
    bob.send(b"MSG b1 whom nobody reads\nWHO\n")
    bob.read_until(b"! online bob\n")
    assert said(bob.records()) == ["whom nobody reads"]
    end(room, bob)
