"""Somebody changes the log's files under a running room: nothing is lost in silence.

logrotate truncates, an editor or `sed -i` replaces, a half-done restore puts an old file back.
"""

import os
from pathlib import Path

import pytest

from lab.kit.admin.ctl import ctl
from lab.kit.room import Peer, Room, wait_for
from papayad.formats import record
from papayad.formats.wire import Greeting, Hello
from papayad.log import segments
from tests.conftest import MakeRoom

SMALL = {"segment_bytes": 700, "durability": "kernel"}
TEXTS = [f"text {number}" for number in range(40)]


def talk(peer: Peer, *texts: str) -> None:
    for text in texts:
        peer.send(f"MSG - {text}\n".encode())
        peer.read_until(f" {text}\n".encode())


def texts(data: bytes) -> list[str]:
    known = [record.parse(line) for line in data.splitlines()]
    return [one.text for one in known if one and one.sender != record.SERVER]


@pytest.mark.parametrize("tls", ["off", "required"])
@pytest.mark.parametrize("size", [0, 100])
def test_a_truncated_segment_is_a_gap(make_room: MakeRoom, tls: str, size: int) -> None:
    """Guards: that a SEND finds another successor than the segment that it is in.

    A SEND that went on for ever would never come to the pong.
    """
    room = make_room(tls, chatlog=SMALL)
    alice = room.join("alice", presence=False)
    talk(alice, *TEXTS)
    log, known = room.log(), segments.bases(room.state_dir)
    os.truncate(segments.path(room.state_dir, known[1]), size)
    assert alice.greeting
    bob = room.join("bob", since=0, log=alice.greeting.log, presence=False)
    talk(alice, "and on")
    bob.read_until(b" and on\n")
    bob.ping()
    whole = log[: known[1] + size].rfind(b"\n") + 1
    expected = log[:whole] + b"! gap %d\n" % known[2] + log[known[2] :]
    assert expected in bob.stream


def test_the_last_segment_is_emptied(make_room: MakeRoom) -> None:
    """What logrotate's copytruncate does. Who has it all misses nothing."""
    room = make_room()
    alice, bob = room.join("alice"), room.join("bob")
    talk(alice, *TEXTS)
    bob.ping()
    os.truncate(segments.path(room.state_dir, 0), 0)
    carol = room.join("carol", last=1000, presence=False)
    talk(alice, "and on")
    for peer in (bob, carol):
        peer.read_until(b" and on\n")
    assert texts(bob.records()) == [*TEXTS, "and on"]
    assert texts(carol.records()) == ["and on"]


@pytest.mark.parametrize("back", [1, 5, 40])
def test_an_old_end_is_put_back(make_room: MakeRoom, back: int) -> None:
    """Guards: keeping what was shown, and telling a newcomer of it."""
    room = make_room(chatlog=SMALL)
    alice, bob = room.join("alice", presence=False), room.join("bob", presence=False)
    ends = []
    for text in TEXTS:
        talk(alice, text)
        alice.ping()
        ends.append(room.committed())
    wait_for(lambda: tick_is_past(room))
    (room.state_dir / "committed").write_bytes(b"%020d\n" % [0, *ends][-1 - back])
    carol = room.join("carol", last=1000, presence=False)
    assert carol.greeting and carol.greeting.end == ends[-1]  # up to there she looks for her own
    carol.ping()
    talk(bob, "and on")
    for peer in (alice, bob, carol):
        peer.read_until(b" and on\n")
        assert texts(peer.records()) == [*TEXTS, "and on"]
    assert texts(room.log()) == [*TEXTS, "and on"]
    assert "went back" in room.journal()


def tick_is_past(room: Room) -> bool:
    """Whether the file system's clock, which has ticks, is past the last record."""
    probe = room.directory / "probe"
    probe.write_bytes(b"")
    last = room.log().splitlines()[-1]
    return record.stamp(probe.stat().st_ctime) > last[:27].decode()


@pytest.mark.parametrize("content", [b"", b"garbage, and no number\n", b"%020d\n" % 10**19])
def test_an_end_that_cannot_be(make_room: MakeRoom, content: bytes) -> None:
    """Who talks is told or let go, the journal says why, and a later start puts it right."""
    room = make_room()
    alice = room.join("alice", session="desk")
    talk(alice, *TEXTS)
    (room.state_dir / "committed").write_bytes(content)
    alice.send(b"MSG m1 lost\n")
    if content.strip().isdigit():
        alice.read_until(b"! error storage m1 ")
    else:
        alice.read_to_end()
    assert "the log cannot be written: " in room.journal()
    answer = room.peer().hello(Hello(room.token("bob"), presence=False))
    if not isinstance(answer, Greeting):
        assert answer.reason == "busy"
        assert "bob is busy: the log cannot be read: " in room.journal()
    assert "Traceback" not in room.journal() and "by a bug" not in room.journal()
    room.stop_acceptor()
    failed = room.start(check=False)
    assert failed.returncode == 78
    assert "papayactl shutdown" in room.journal()
    room.kill()
    room.start()
    carol = room.join("carol", last=1000, presence=False)
    talk(carol, "and on")
    assert texts(carol.records()) == [*TEXTS, "and on"]


def test_names_that_look_like_segments(make_room: MakeRoom) -> None:
    """Guards: that nothing but a regular file with such a name is one."""
    room = make_room(start=False)
    (room.state_dir / ("²" * 20 + ".log")).touch()
    Path(segments.path(room.state_dir, 5)).mkdir()
    Path(segments.path(room.state_dir, 7)).symlink_to("/etc/passwd")
    room.start()
    alice = room.join("alice")
    talk(alice, *TEXTS)
    assert texts(room.join("bob", last=1000).ping()) == TEXTS
    room.kill()
    room.start()
    assert texts(room.join("bob", last=1000).ping()) == TEXTS


def test_no_restart_stops_what_it_could_not_start(make_room: MakeRoom) -> None:
    """Guards: that papayad --check looks at the log, too."""
    room = make_room()
    alice = room.join("alice")
    talk(alice, "before")  # so that both of her processes have it open
    (room.state_dir / "committed").rename(room.directory / "away")
    acceptor = room.acceptor()
    result = ctl(room, "acceptor", "restart")
    assert result.exit_code == 78
    assert "papayactl shutdown" in result.stderr
    assert room.acceptor() == acceptor
    (room.directory / "away").rename(room.state_dir / "committed")
    assert ctl(room, "acceptor", "restart").exit_code == 0
    talk(alice, "and on")
