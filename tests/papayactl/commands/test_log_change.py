"""What changes the log: `log rotate`, `redact`, `restored`, and what is too old in `prune`."""

import json
import os
import time
from pathlib import Path

import pytest

from lab.kit.admin.ctl import ctl
from lab.kit.admin.staged import StagedRoom
from lab.kit.room import ROOT, Peer, Room, give_to_service
from papayad.formats import record, redaction
from papayad.formats.wire import check_of
from papayad.log import segments, store
from papayad.log.appender import Appender
from papayad.settings import Chatlog
from papayad.state import pidfile
from tests.conftest import MakeRoom

DAY = 86400


def talk(peer: Peer, *texts: str) -> None:
    for text in texts:
        peer.send(f"MSG {text.split()[0]} {text}\n".encode())
        peer.read_until(f" {text}\n".encode())


def texts(data: bytes, sender: str) -> list[str]:
    known = [record.parse(line) for line in data.splitlines()]
    return [one.text for one in known if one and one.sender == sender]


def places(room: Room, sender: str) -> list[int]:
    """Where the records of somebody begin."""
    found, at = [], 0
    for line in room.log().splitlines(keepends=True):
        if line.split()[1] == sender.encode():
            found.append(at)
        at += len(line)
    return found


# rotate


def test_a_segment_by_hand(make_room: MakeRoom) -> None:
    room = make_room()
    alice, bob = room.join("alice", presence=False), room.join("bob", presence=False)
    talk(alice, "m1 one")
    end = room.committed()
    path = ctl(room, "log", "rotate").stdout.strip()
    assert path == segments.path(room.state_dir, end)
    assert os.stat(path).st_uid == (room.state_dir / "committed").stat().st_uid
    assert ctl(room, "log", "rotate").stdout.strip() == path
    talk(alice, "m2 two")
    bob.read_until(b" two\n")
    assert Path(path).read_bytes().endswith(b" alice m2 m2 two\n")
    assert texts(room.log(), "alice") == ["m1 one", "m2 two"]


# redact

SAID = ("m1 the secret", f"m2 something {'x' * 150}", "m3 another secret, and longer")


@pytest.fixture
def talked(make_room: MakeRoom) -> Room:
    """alice said three things over two segments, bob one."""
    room = make_room(chatlog={"segment_bytes": 256})
    alice, bob = room.join("alice", presence=False), room.join("bob", presence=False)
    talk(alice, *SAID)
    talk(bob, "b1 mine")
    assert len(segments.bases(room.state_dir)) > 1
    return room


@pytest.mark.parametrize("by", ["offset", "id"])
def test_one_record(talked: Room, by: str) -> None:
    """Guards: that nothing else changes, not even by a byte, and everybody is told."""
    before, place = talked.log(), places(talked, "alice")[2]
    target = str(place) if by == "offset" else "m3"
    alice, bob = talked.peers
    said = json.loads(ctl(talked, "--json", "log", "redact", target, "--yes").stdout)
    assert said["redacted"] == 1
    assert said["records"][0]["offset"] == place
    bob.read_until(b" * - redacted alice ")
    after = talked.log()
    line = before[place:].splitlines(keepends=True)[0]
    assert after[: len(before)] == before.replace(line, redaction.redact(line))
    told = redaction.parse(texts(after, "*")[-1])
    assert told == redaction.Redaction("alice", place, place + len(line))
    for peer in (alice, bob):
        peer.ping()
        assert peer.records() == before + after[len(before) :]
    assert json.loads(ctl(talked, "--json", "log", "verify").stdout)["good"]
    carol = talked.join("carol", last=100, presence=False)
    carol.ping()
    assert b"another secret" not in carol.stream


def test_all_of_somebody(talked: Room) -> None:
    """Guards: all segments; and what others said stays."""
    before = len(talked.log())
    (line,) = ctl(talked, "log", "redact", "--user", "alice", "--yes").stdout.splitlines()
    assert line.startswith("3 records from offset ")
    after = talked.log()
    assert set(texts(after, "alice")) == {redaction.redact(f"a b c {t}\n".encode())[6:-1].decode()
                                          for t in SAID}  # fmt: skip
    assert texts(after, "bob") == ["b1 mine"]
    assert len(after) > before  # by the record that tells of it
    again = ctl(talked, "log", "redact", "--user", "alice", "--yes").stdout
    assert again == "nothing to redact\n"


def test_between_two_times(talked: Room) -> None:
    second = talked.log()[places(talked, "alice")[1] :][:27].decode()
    ctl(talked, "log", "redact", "--user", "alice", "--since", second, "--yes")
    assert texts(talked.log(), "alice")[0] == SAID[0]
    assert all(one.startswith("[redacted]") for one in texts(talked.log(), "alice")[1:])


def test_a_dry_run_changes_nothing(talked: Room) -> None:
    before = talked.log()
    said = ctl(talked, "log", "redact", "m1", "--dry-run").stdout
    assert "the secret" in said
    assert "1 record from offset" in said and "would be redacted" in said
    assert talked.log() == before


def test_a_cursor_behind_a_redacted_record_is_good(talked: Room) -> None:
    """Guards: that who was away gets no gap, reads that it was redacted, and misses nothing."""
    place = places(talked, "alice")[2]
    line = talked.log()[place:].splitlines(keepends=True)[0]
    ctl(talked, "log", "redact", str(place), "--yes")
    since, log = place + len(line), store.identity(talked.state_dir)
    for check in (check_of(line), check_of(redaction.redact(line))):
        carol = talked.join("carol", since=since, log=log, check=check, presence=False)
        carol.ping()
        assert b"! gap" not in carol.stream
        assert b" * - redacted alice " in carol.stream


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ((), "nothing is named"),
        (("7",), "no record begins at this offset"),
        (("99999999999999999999999",), "no record begins at this offset"),
        (("nobody",), "no record has this ID"),
        (("m1",), "add --yes"),
    ],
)
def test_what_is_not_redacted(talked: Room, words: tuple[str, ...], why: str) -> None:
    before = talked.log()
    result = ctl(talked, "log", "redact", *words)
    assert result.exit_code == 2
    assert why in result.stderr
    assert talked.log() == before


def test_an_id_that_several_have_is_named_by_its_offset(talked: Room) -> None:
    talk(talked.peers[1], "m1 the same")
    result = ctl(talked, "log", "redact", "m1", "--yes")
    assert (result.exit_code, "2 records have this ID, at 0 " in result.stderr) == (2, True)
    ctl(talked, "log", "redact", "m1", "--user", "bob", "--yes")
    assert "[redacted]" in texts(talked.log(), "bob")[-1]
    assert texts(talked.log(), "alice")[0] == SAID[0]


# prune, of what is written to


def write(room: StagedRoom, *ages: float) -> None:
    """A record of each age in days, all in the segment that is written to."""
    state_dir = room.settings.state_dir
    lines = [record.render(record.stamp(time.time() - d * DAY), "a", "-", f"{d}") for d in ages]
    Path(segments.path(state_dir, 0)).write_bytes(b"".join(lines))
    store.prepare(state_dir, lambda _: None)


def test_what_is_too_old_goes_from_a_quiet_room(room: StagedRoom) -> None:
    """Guards: sealing the segment that is written to, when all of it is too old."""
    write(room, 2600, 40, 3)
    end = int((room.settings.state_dir / "committed").read_text())
    words = ("log", "prune", "--keep-days", "2")
    would = room.ctl_json(*words, "--dry-run")
    assert (would["segments"], would["removed"]) == ([segments.name(0)], [])
    done = room.ctl_json(*words, "--yes")
    assert done["removed"] == [segments.name(0)]
    assert segments.bases(room.settings.state_dir) == [end]
    assert room.ctl_json(*words, "--yes")["removed"] == []


def test_what_has_something_young_stays(room: StagedRoom) -> None:
    write(room, 2600, 1)
    assert room.ctl_json("log", "prune", "--keep-days", "2", "--yes")["removed"] == []
    assert segments.bases(room.settings.state_dir) == [0]


# restored


def test_the_log_is_a_new_one(room: StagedRoom) -> None:
    write(room, 3, 2, 1)
    path = Path(segments.path(room.settings.state_dir, 0))
    identity, whole = store.identity(room.settings.state_dir), path.read_bytes()
    with path.open("ab") as file:
        file.write(b"2026-11-22T torn")
    (room.settings.state_dir / "committed").unlink()
    done = room.ctl_json("log", "restored")
    assert done["end"] == len(whole)
    assert path.read_bytes() == whole
    assert store.identity(room.settings.state_dir) == done["identity"] != identity
    assert any("not whole records" in line for line in done["said"])


def test_what_a_start_refuses_is_taken_as_it_is(room: StagedRoom) -> None:
    state_dir = room.settings.state_dir
    own = Appender(state_dir, Chatlog(segment_bytes=300), lambda: None, lambda _: None)
    for number in range(10):
        own.append([("alice", "-", f"text {number}")])
    own.close()
    os.truncate(segments.path(state_dir, segments.bases(state_dir)[-2]), 50)
    (state_dir / "committed").write_bytes(b"%020d\n" % 5)
    if ROOT:
        give_to_service(state_dir)
    done = room.ctl_json("log", "restored")
    assert done["end"] > segments.bases(state_dir)[-1]
    assert any("and the next one begins at" in line for line in done["said"])
    store.prepare(state_dir, lambda _: None)


def test_an_open_room_is_left_alone(make_room: MakeRoom) -> None:
    """Guards: refusing beside clients, and beside an acceptor."""
    room = make_room()
    identity = store.identity(room.state_dir)
    room.join("alice").ping()
    for _ in range(2):
        result = ctl(room, "log", "restored")
        assert result.exit_code == 75
        assert "papayactl" in result.stderr
        room.stop_acceptor() if room.acceptor() else None
    assert store.identity(room.state_dir) == identity
    room.kill()
    assert ctl(room, "log", "restored").exit_code == 0
    assert store.identity(room.state_dir) != identity


def test_a_room_that_is_just_starting_is_left_alone(room: StagedRoom) -> None:
    """Guards: holding what a papayad has to hold before it looks at the log."""
    identity = store.identity(room.settings.state_dir)
    lock = pidfile.acquire(pidfile.lock_of(room.settings.state_dir))
    result = room.ctl("log", "restored")
    os.close(lock)
    assert result.exit_code == 75
    assert "held by" in result.stderr
    assert store.identity(room.settings.state_dir) == identity
    assert room.ctl("log", "restored").exit_code == 0
