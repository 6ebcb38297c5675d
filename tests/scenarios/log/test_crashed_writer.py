"""A writer is killed in the middle: nobody sees what was not committed (design section 4).

The next append cuts it. With no live group the start checks the last segment record by record.
"""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.kit.processes import exit_code, fork
from lab.kit.room import ROOT, Room
from papayad.formats import record
from papayad.log import appender, segments, store
from papayad.log.appender import Appender
from tests.conftest import MakeRoom

LINE = (record.SERVER, record.NO_ID, "what nobody may see")
RECORD = record.render(record.stamp(0.0), *LINE)


def last_segment(room: Room) -> Path:
    return Path(segments.path(room.state_dir, segments.bases(room.state_dir)[-1]))


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_in_a_write(descriptor: int, data: bytes) -> int:
    """What a SIGKILL in a large write leaves: its beginning."""
    written: int = os.writev(descriptor, [data[:5000]])
    die()
    return written


CRASHES: dict[str, tuple[object, str, Callable[..., object]]] = {
    "before_the_sync": (os, "fdatasync", die),
    "in_the_write": (appender, "write", die_in_a_write),
}


def crash(room: Room, module: object, call: str, instead: Callable[..., object]) -> None:
    """Append in a process that dies in a system call, holding the lock; then wake everybody."""

    def append() -> None:
        setattr(module, call, instead)
        own = Appender(room.state_dir, room.settings.chatlog, lambda: None, lambda line: None)
        own.append([LINE] * 1000)

    assert exit_code(fork(append)) == -signal.SIGKILL
    for entry in room.entries():
        os.kill(entry.send, signal.SIGUSR1)


@pytest.mark.parametrize("kind", CRASHES)
def test_nobody_sees_it_and_the_next_append_cuts_it(make_room: MakeRoom, kind: str) -> None:
    """Guards: reading up to the committed end and not to the file's, and cutting what is beyond."""
    room = make_room()
    bob = room.join("bob")
    before = bob.ping()
    crash(room, *CRASHES[kind])
    assert last_segment(room).stat().st_size > room.committed()
    assert bob.ping()[len(before) :] == b"! pong mark\n"
    carol = room.join("carol")
    assert carol.ping() == bob.ping(b"cut").replace(b"! pong mark\n", b"").replace(b"cut", b"mark")
    assert last_segment(room).read_bytes() == room.log() == carol.records()
    assert "that were never committed" in room.journal()


def test_a_segment_that_was_made_and_not_begun(make_room: MakeRoom) -> None:
    """Guards: looking for a successor that begins at the committed end, in writers and readers."""
    room = make_room()
    bob, carol = room.join("bob"), room.join("carol")
    bob.ping()
    carol.ping()
    new = Path(segments.path(room.state_dir, room.committed()))
    new.touch(mode=0o600)
    if ROOT:
        shutil.chown(new, room.settings.service.user)
    for peer in (bob, carol):
        peer.send(b"MSG - in the new one\n")
        peer.ping()
    assert new.read_bytes().count(b" in the new one\n") == 2
    assert bob.ping().replace(b"! pong mark\n", b"") == room.log()


TAILS = {
    "garbage": b"\xff\x00garbage without an end" * 300,
    "garbage with ends": b"\xff\x00garbage\n" * 300,
    "zeros": bytes(10_000),
    "zeros in a record": RECORD[:40] + bytes(5) + RECORD[45:],
    "half a record": RECORD[:-10],
}


def said(room: Room, *texts: bytes) -> bytes:
    """The log after somebody said this, and everything was killed."""
    alice = room.join("alice", presence=False)
    for text in texts:
        alice.send(b"MSG - %b\n" % text)
        alice.read_until(b" %b\n" % text)
    room.kill()
    return room.log()


def identity_and_history(room: Room) -> tuple[str, bytes]:
    peer = room.join("carol", last=1000, presence=False)
    peer.ping()
    return store.identity(room.state_dir), peer.records()


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("segment_bytes", [256, 65536])
def test_a_start_cuts_a_bad_tail(make_room: MakeRoom, tail: str, segment_bytes: int) -> None:
    """Guards: checking record by record, and the identity of a log that lost nothing."""
    room = make_room(chatlog={"segment_bytes": segment_bytes})
    log = said(room, b"one", b"two", b"three", b"four", b"five", b"six")
    identity = store.identity(room.state_dir)
    with last_segment(room).open("ab") as file:
        file.write(TAILS[tail])
    room.start()
    assert identity_and_history(room) == (identity, log)
    assert room.log() == log
    assert "not whole records" in room.journal()
    room.join("alice").ping()
    assert room.log().startswith(log)


def test_a_start_keeps_what_was_written_and_not_yet_committed(make_room: MakeRoom) -> None:
    """A whole record may stay: its sender looks for it by its ID before it sends again."""
    room = make_room()
    log = said(room, b"one")
    identity = store.identity(room.state_dir)
    with last_segment(room).open("ab") as file:
        file.write(RECORD)
    room.start()
    assert identity_and_history(room) == (identity, log + RECORD)


LOSSES: dict[str, Callable[[bytes], bytes]] = {
    "cut in the last record": lambda log: log[:-5],
    "without the last record": lambda log: log[: log.rindex(b"\n", 0, -1) + 1],
    "zeros in the last record": lambda log: log[:-20] + bytes(20),
    "zeros in the first record": lambda log: bytes(20) + log[20:],
    "nothing": lambda log: b"",
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_log_that_lost_committed_bytes_is_another_one(make_room: MakeRoom, loss: str) -> None:
    """Guards: drawing a new identity, so that no cursor means other bytes than it did."""
    room = make_room()
    log = said(room, b"one", b"two")
    identity = store.identity(room.state_dir)
    damaged = LOSSES[loss](log)
    last_segment(room).write_bytes(damaged)
    room.start()
    new, history = identity_and_history(room)
    assert new != identity
    assert log.startswith(history) and len(history) < len(log)
    assert room.log() == history
    peer = room.join("dora", since=0, log=identity, presence=False)
    assert peer.ping().startswith(b"! gap ")


@pytest.mark.parametrize("content", [b"", b"0000", b"garbage that is no number", bytes(21)])
def test_a_lost_committed_end_is_found_again(make_room: MakeRoom, content: bytes) -> None:
    """Guards: rebuilding it from the records; what was lost nobody knows, so the log is new."""
    room = make_room()
    log = said(room, b"one", b"two")
    identity = store.identity(room.state_dir)
    (room.state_dir / "committed").write_bytes(content)
    room.start()
    new, history = identity_and_history(room)
    assert new != identity
    assert history == log == room.log()


def test_a_start_beside_living_clusters_repairs_nothing(make_room: MakeRoom) -> None:
    """Guards: that a log in use is not cut under the lock of nobody."""
    room = make_room()
    bob = room.join("bob")
    bob.ping()
    room.stop_acceptor()
    crash(room, *CRASHES["in_the_write"])
    size = last_segment(room).stat().st_size
    room.start()
    assert last_segment(room).stat().st_size == size
    bob.send(b"MSG - it goes on\n")
    bob.read_until(b"it goes on\n")
    assert last_segment(room).read_bytes() == room.log() == bob.records()
