"""A lost connection costs nothing: nothing twice, nothing missing (design section 3).

A device comes back with its cursor and session, reads up to `end`, and sends again by IDs what is
missing; whatever the older connection had still in its socket is never appended after that.
"""

import fcntl
import os
import random
import shutil
import signal
import time
from contextlib import suppress

import pytest

from lab.kit.crowd import Crowd
from lab.kit.device import Device
from lab.kit.processes import freeze
from lab.kit.room import Peer, Room, is_alive, wait_for
from papayad.formats import record
from papayad.formats.wire import Hello
from papayad.log import segments, store
from papayad.state import roster
from tests.conftest import MakeRoom

SMALL = {"segment_bytes": 700, "durability": "kernel"}
UNLIMITED = {"messages_per_second": 1e6, "message_burst": 1_000_000}


def read_at_most(peer: Peer, most: int) -> None:
    """Some of what has come already."""
    with suppress(BlockingIOError):
        peer.socket.setblocking(False)
        peer.stream += peer.socket.recv(most)


@pytest.mark.parametrize("seed", range(4))
def test_cut_at_any_byte(make_room: MakeRoom, seed: int) -> None:
    """Guards: ending the older cluster, which still has messages to post, before `end` is taken."""
    chance = random.Random(seed)
    room = make_room(limits={"messages_per_second": 100.0, "message_burst": 3}, chatlog=SMALL)
    bob = room.join("bob")
    device = Device(room, "alice")
    for _ in range(15):
        device.say(*(chance.choice("aö") * chance.randint(1, 400) for _ in range(5)))
        bob.send(b"MSG - " + b"b" * chance.randint(1, 400) + b"\n")
        greeting = device.connect()
        if chance.random() < 0.3:
            read_at_most(device.peer, chance.randint(1, 300))  # cut while it catches up
        else:
            device.read_to(greeting.end)
            upstream = device.upstream()
            device.peer.send(upstream[: chance.randint(0, len(upstream))])
            read_at_most(device.peer, chance.randint(1, 3000))
        device.take()
        if chance.random() < 0.5:
            device.peer.close()
    device.resume()
    device.read_until_sure()
    device.assert_exactly_once()


@pytest.mark.parametrize("frozen", [("recv",), ("send",), ("recv", "send")], ids="+".join)
def test_older_connection_is_frozen(make_room: MakeRoom, frozen: tuple[str, ...]) -> None:
    """Guards: ending the older cluster also when it is stopped."""
    room = make_room()
    device = Device(room, "alice")
    device.connect()
    entry = room.entry("alice")
    pids = {"recv": entry.recv, "send": entry.send}
    for role in frozen:
        freeze(pids[role])
    device.say("one", "two", "three")
    device.peer.send(device.upstream())
    device.resume()
    for pid in pids.values():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    device.read_until_sure()
    wait_for(lambda: not any(map(is_alive, pids.values())))
    device.peer.ping()
    device.assert_exactly_once()


def test_older_connection_is_throttled(make_room: MakeRoom) -> None:
    """Guards: ending the older cluster, which has messages that it may not post yet."""
    room = make_room(limits={"messages_per_second": 0.01, "message_burst": 4})
    device = Device(room, "alice")
    device.say(*map(str, range(10)))
    posted = []
    while device.unsure:
        device.resume()
        before = len(device.unsure)
        while len(device.unsure) > max(0, before - 4):
            device.read_some()
        posted.append(before - len(device.unsure))
    assert posted == [4, 4, 2]
    device.assert_exactly_once()


def test_older_connection_is_throttled_and_left(make_room: MakeRoom) -> None:
    """Guards: the same when it saw its client's end and posts what is left."""
    room = make_room(limits={"messages_per_second": 0.01, "message_burst": 4})
    device = Device(room, "alice")
    device.say(*map(str, range(30)))
    while device.unsure:
        device.resume()
        device.peer.socket.shutdown(1)
    device.take()
    device.assert_exactly_once()


def hold_entry(room: Room, entry: roster.Entry) -> int:
    """Put a file that is locked by this process in the place of a roster entry."""
    path = roster.directory(room.state_dir) / entry.name
    own = path.with_name(f".{path.name}.test")
    shutil.copyfile(path, own)
    if os.geteuid() == 0:
        shutil.chown(own, "nobody", "nogroup")
    own.write_text(own.read_text().partition(" recv=")[0])
    descriptor = os.open(own, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    own.rename(path)
    return descriptor


def test_end_is_taken_when_the_older_cluster_is_gone(make_room: MakeRoom) -> None:
    """Guards: waiting for the older cluster's lock before anything else."""
    room = make_room()
    bob = room.join("bob")
    room.join("alice", session="laptop")
    held = hold_entry(room, room.entry("alice"))
    alice = room.peer()
    alice.send(b"PAPAYA/1 %b session=laptop\n" % room.token("alice").encode())
    for _ in range(30):
        bob.ping()  # so long that it would have been greeted
    bob.send(b"MSG - what the older one posted last\n")
    bob.read_until(b"posted last\n")
    end = room.committed()
    os.close(held)
    alice.answer()
    assert alice.greeting is not None
    assert alice.greeting.end >= end


def fill(room: Room, user: str, size: int) -> None:
    """Let a user write about so many bytes."""
    peer = room.join(user, presence=False)
    crowd = Crowd([peer])
    crowd.say(peer, (b"MSG - " + b"x" * 90 + b"\n") * (size // 100) + b"PING filled\n")
    crowd.run_until_all_have(b"! pong filled\n")


def greeted(room: Room, **options: object) -> Peer:
    """A client that changes nothing by coming, with all of its stream."""
    peer = room.join("carol", presence=False, **options)
    peer.ping(b"all")
    return peer


def assert_gap(room: Room, peer: Peer) -> None:
    """The first line is the gap, and the stream is the log from there."""
    assert peer.greeting is not None
    offset = peer.greeting.offset
    start = offset - (room.committed() - len(room.log()))
    assert peer.stream == b"! gap %d\n" % offset + room.log()[start:] + b"! pong all\n"


def test_no_gap_where_the_cursor_is_good(make_room: MakeRoom) -> None:
    """Guards: looking for the byte before the cursor in the segment that has it."""
    limits = UNLIMITED | {"max_clients_per_user": 1000, "history_lines": 1}
    room = make_room(limits=limits, chatlog=SMALL)
    fill(room, "bob", 5000)
    log, identity = room.log(), store.identity(room.state_dir)
    ends = [place + 1 for place, byte in enumerate(log) if byte == 10]
    for offset in [0, *ends]:
        peer = greeted(room, since=offset, log=identity)
        assert peer.stream == log[offset:] + b"! pong all\n"


def test_gap_for_another_identity(make_room: MakeRoom) -> None:
    """Guards: comparing identities."""
    room = make_room(limits=UNLIMITED)
    fill(room, "bob", 2000)
    assert_gap(room, greeted(room, since=0, log="0" * 32))


@pytest.mark.parametrize("beyond", [1, 10**6])
def test_gap_past_the_end(make_room: MakeRoom, beyond: int) -> None:
    """Guards: comparing with the committed end."""
    room = make_room(limits=UNLIMITED)
    fill(room, "bob", 2000)
    identity = store.identity(room.state_dir)
    assert_gap(room, greeted(room, since=room.committed() + beyond, log=identity))


def test_gap_past_the_end_where_a_killed_writer_left_a_record(make_room: MakeRoom) -> None:
    """Guards: comparing with the committed end, and not with the file."""
    room = make_room(limits=UNLIMITED)
    fill(room, "bob", 2000)
    with open(segments.path(room.state_dir, 0), "ab") as last:
        now = record.stamp(time.time())
        never_committed = last.write(record.render(now, "bob", "-", "by a killed writer"))
    since = room.committed() + never_committed
    assert_gap(room, greeted(room, since=since, log=store.identity(room.state_dir)))


def test_gap_inside_a_record(make_room: MakeRoom) -> None:
    """Guards: looking at the byte before the cursor."""
    room = make_room(limits=UNLIMITED, chatlog=SMALL)
    fill(room, "bob", 2000)
    identity = store.identity(room.state_dir)
    for offset in (1, 60, room.committed() - 1):
        assert_gap(room, greeted(room, since=offset, log=identity))


def test_gap_for_a_pruned_segment(make_room: MakeRoom) -> None:
    """Guards: going to the oldest record that is there, and no further."""
    limits = UNLIMITED | {"history_lines": 1}
    room = make_room(limits=limits, chatlog=SMALL | {"retain_bytes": 2000})
    fill(room, "bob", 8000)
    peer = greeted(room, since=0, log=store.identity(room.state_dir))
    assert_gap(room, peer)
    assert peer.greeting and peer.greeting.offset == room.committed() - len(room.log()) > 0


def test_gap_for_a_send_that_was_still_below(make_room: MakeRoom) -> None:
    """Guards: going on at the oldest segment when the next one was removed.

    All records have one size, so that their numbers tell their offsets.
    """
    room = make_room(
        limits=UNLIMITED,
        chatlog={"segment_bytes": 50_000, "retain_bytes": 100_000, "durability": "kernel"},
    )
    slow = room.peer(receive_buffer=4096)
    slow.hello(Hello(room.token("carol"), presence=False))
    crowd = Crowd([room.join("bob", presence=False)])
    messages = [b"MSG %04d %b\n" % (number, b"x" * 8000) for number in range(1500)]
    crowd.say(crowd.peers[0], b"".join(messages) + b"PING filled\n")
    crowd.run_until_all_have(b"! pong filled\n")
    slow.ping(b"end")
    offset, gaps, size = 0, 0, room.committed() // len(messages)
    for line in slow.stream.removesuffix(b"! pong end\n").splitlines(keepends=True):
        if line.startswith(b"! gap "):
            offset, gaps = int(line.split()[2]), gaps + 1
        else:
            assert len(line) == size
            assert line.split()[2] == b"%04d" % (offset // size)
            offset += size
    assert offset == room.committed()
    assert gaps
