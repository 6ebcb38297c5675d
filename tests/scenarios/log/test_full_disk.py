"""A full disk: the sender is told, the log stays whole, and it works again (design section 4)."""

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from lab.kit import launch
from lab.kit.room import ROOT, Peer, Room, wait_for
from papayad.formats import record
from papayad.formats.wire import Hello
from tests.conftest import MakeRoom

BIG = b"x" * 8000
MEGABYTE = 1 << 20


@contextmanager
def small_disk(room: Room) -> Iterator[Path]:
    """A file system of a megabyte for the room's state; the room ends with it."""
    path, owner = room.state_dir, room.state_dir.stat()
    options = f"size={MEGABYTE},mode=0700,uid={owner.st_uid},gid={owner.st_gid}"
    command = ["mount", "-t", "tmpfs", "-o", options, "papaya-test", str(path)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    try:
        yield path
    finally:
        room.end()
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(path: Path) -> Path:
    """A file that takes all there is."""
    ballast = path / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    assert os.statvfs(path).f_bavail == 0
    return ballast


def is_whole(room: Room) -> bool:
    """Whether the log is records and nothing else, up to its committed end and no further."""
    whole = (room.state_dir / f"{0:020d}.log").read_bytes()
    lines = whole.split(b"\n")
    return lines.pop() == b"" and len(whole) == room.committed() and all(map(record.parse, lines))


def say_until_refused(peer: Peer, text: bytes = BIG) -> bytes:
    """Say this until it is refused; the last one's ID."""
    for number in range(1000):
        id = b"%d-%d" % (len(text), number)
        peer.send(b"MSG %s %s\n" % (id, text))
        peer.ping(id)
        if b"! error storage %s " % id in peer.stream:
            return id
    raise AssertionError("the disk is not full")


def times(room: Room, id: bytes) -> int:
    return room.log().count(b" alice %s " % id)


@pytest.mark.skipif(not ROOT, reason="only root may mount a small file system")
@pytest.mark.skipif(shutil.which("mount") is None, reason="no mount command")
def test_a_full_disk(make_room: MakeRoom) -> None:
    room = make_room(start=False, limits={"message_burst": 5000})
    with small_disk(room) as disk:
        room.start()
        alice, bob = room.join("alice"), room.join("bob")
        ballast = fill(disk)
        id = say_until_refused(alice)
        alice.send(b"MSG late %s\n" % BIG)
        alice.read_until(b"! error storage late ")
        assert times(room, id) == 0
        assert is_whole(room)
        bob.ping()
        assert [entry.user for entry in room.entries()] == ["alice", "bob"]
        ballast.unlink()
        alice.send(b"MSG %s %s\n" % (id, BIG))
        bob.read_until(b" alice %s %s\n" % (id, BIG))
        assert times(room, id) == 1
        assert times(room, b"late") == 0
        assert is_whole(room)
        room.join("carol").ping()


@pytest.mark.skipif(not ROOT, reason="only root may mount a small file system")
@pytest.mark.skipif(shutil.which("mount") is None, reason="no mount command")
def test_who_comes_and_goes_while_the_disk_is_full(make_room: MakeRoom) -> None:
    """It costs records of the server's, and nothing else."""
    room = make_room(start=False, limits={"message_burst": 5000})
    with small_disk(room) as disk:
        room.start()
        bob, carol = room.join("bob"), room.join("carol")
        ballast = fill(disk)
        for text in (BIG, b"x" * 100, b"x"):  # until not even a part would fit
            say_until_refused(carol, text)
        room.peer().hello(Hello(room.token("alice")))  # welcome or busy, as the disk lets
        os.kill(room.entry("bob").recv, signal.SIGKILL)
        bob.read_to_end()
        entries = disk / "roster"
        wait_for(lambda: all(b"bob" not in one.read_bytes() for one in entries.iterdir()))
        assert is_whole(room)
        ballast.unlink()
        room.join("alice").ping()
        assert is_whole(room)
        assert b" part bob\n" not in room.log()
        assert not [name for name in os.listdir(entries) if name.startswith(".")]


def limit_files() -> None:
    """For `preexec_fn`."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEGABYTE, MEGABYTE))


def test_a_file_that_may_not_grow(make_room: MakeRoom) -> None:
    """Who comes through an acceptor without the limit can write again."""
    room = make_room(start=False, limits={"message_burst": 5000})
    with launch.daemon(room, preexec_fn=limit_files):
        alice, bob = room.join("alice", session="desk"), room.join("bob")
        id = say_until_refused(alice)
        assert times(room, id) == 0
        assert is_whole(room)
        bob.ping()
        room.stop_acceptor()
    room.start()
    assert alice.greeting
    since = alice.greeting.offset + len(alice.records())
    again = room.join("alice", session="desk", since=since, log=alice.greeting.log)
    again.ping()
    assert id not in again.records()
    again.send(b"MSG %s %s\n" % (id, BIG))
    bob.read_until(b" alice %s %s\n" % (id, BIG))
    assert times(room, id) == 1
    assert is_whole(room)


@pytest.mark.skipif(not ROOT, reason="only root may mount a small file system")
@pytest.mark.skipif(shutil.which("mount") is None, reason="no mount command")
@pytest.mark.parametrize("left", ["never committed", "torn", "an old end", "lost"])
def test_a_start_on_a_full_disk(make_room: MakeRoom, left: str) -> None:
    """After a crash, too: what has to be written has its place on the disk already."""
    room = make_room(start=False, limits={"message_burst": 5000})
    with small_disk(room) as disk:
        room.start()
        alice = room.join("alice", presence=False)
        alice.send(b"MSG m1 %s\n" % BIG)
        alice.read_until(b" alice m1 ")
        room.kill()
        log, segment = room.log(), disk / f"{0:020d}.log"
        if left == "never committed":
            with segment.open("ab") as file:
                file.write(record.render(record.stamp(0), "bob", "-", "kept"))
        elif left == "torn":
            with segment.open("ab") as file:
                file.write(b"2026-11-22T21:53:01.123456Z bob - to")
        elif left == "an old end":
            (disk / "committed").write_bytes(b"%020d\n" % 0)
        else:
            os.truncate(segment, len(log) - 10)
        ballast = fill(disk)
        room.start()
        assert is_whole(room)
        assert room.log().startswith(log if left != "lost" else b"")
        ballast.unlink()
        bob = room.join("bob", last=1000, presence=False)
        bob.send(b"MSG b1 on\n")
        bob.read_until(b" bob b1 on\n")


@pytest.mark.skipif(not ROOT, reason="only root may mount a small file system")
@pytest.mark.skipif(shutil.which("mount") is None, reason="no mount command")
def test_it_is_foretold(make_room: MakeRoom) -> None:
    """Guards: that RECV, in its cage, may ask how much room there is, when it begins a segment."""
    room = make_room(start=False, chatlog={"segment_bytes": 20_000})
    with small_disk(room) as disk:
        stamps = [record.stamp(time.time() - 3700 + number) for number in range(10)]
        lines = [record.render(stamp, "alice", "-", "x" * 1000) for stamp in stamps]
        (disk / f"{0:020d}.log").write_bytes(b"".join(lines))
        shutil.chown(disk / f"{0:020d}.log", "nobody", "nogroup")
        room.start()
        at_start = room.journal().count("at this rate")
        assert at_start == 1
        alice = room.join("alice")
        for number in range(3):
            alice.send(b"MSG m%d %s\n" % (number, BIG))
            alice.read_until(b" alice m%d " % number)
        assert room.journal().count("full in ") > at_start
