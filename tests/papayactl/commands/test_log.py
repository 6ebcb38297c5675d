"""`log`: path, tail, cat, export, verify, prune, against the files themselves."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.kit.admin.ctl import TALKATIVE, block, ctl, is_idle, worker
from lab.kit.admin.staged import StagedRoom
from lab.kit.room import PATIENCE, Room, wait_for
from papayactl.state import records, verify
from papayad.formats import record
from papayad.formats.record import stamp
from papayad.log import segments
from tests.conftest import MakeRoom

BASE = 1_800_000_000.0


def write(room: StagedRoom, count: int, segment: int = 1 << 30) -> bytes:
    """A log of `count` records, a second apart, by alice and bob in turn; returns its bytes."""
    lines = [
        record.render(stamp(BASE + n), ("alice", "bob")[n % 2], f"m{n}", f"text {n} ä")
        for n in range(count)
    ]
    base, part = 0, b""
    os.unlink(segments.path(room.settings.state_dir, 0))
    for line in [*lines, b""]:
        if not line or (part and len(part) + len(line) > segment):
            Path(segments.path(room.settings.state_dir, base)).write_bytes(part)
            base, part = base + len(part), b""
        part += line
    end = len(b"".join(lines))
    (room.settings.state_dir / "committed").write_bytes(b"%020d\n" % end)
    return b"".join(lines)


def test_cat_is_the_log_byte_for_byte(room: StagedRoom) -> None:
    whole = write(room, 100, segment=500)
    assert room.ctl("log", "cat").stdout.encode() == whole
    assert len(room.ctl_json("log", "path", "--all")) > 5
    newest = room.ctl("log", "path").stdout.strip()
    assert newest == room.ctl_json("log", "path", "--all")[-1]
    assert Path(newest).exists()


def test_by_time_offset_and_user(room: StagedRoom) -> None:
    whole = write(room, 100, segment=700)
    lines = whole.splitlines(keepends=True)

    def cat(*words: str) -> list[bytes]:
        return room.ctl("log", "cat", *words).stdout.encode().splitlines(keepends=True)

    assert cat("--since", stamp(BASE + 40)) == lines[40:]
    assert cat("--until", stamp(BASE + 40)) == lines[:40]
    assert cat("--since", stamp(BASE + 7), "--until", stamp(BASE + 9)) == lines[7:9]
    assert cat("--user", "alice") == lines[::2]
    assert cat("--user", "a*", "--user", "bo?") == lines
    assert cat("--user", "*") == []  # the server's own
    at = len(b"".join(lines[:30]))
    assert cat("--from", str(at)) == lines[30:]
    assert cat("--from", str(at - 1)) == lines[30:]
    assert cat("--from", str(at + 1)) == lines[31:]
    assert cat("--to", str(at)) == lines[:30]
    assert cat("--since", "2199-01-01") == []
    assert room.ctl("log", "cat", "--since", "whenever").exit_code == 2


@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
def test_every_moment_is_found(room: StagedRoom, count: int) -> None:
    whole = write(room, count, segment=300)
    lines = whole.splitlines(keepends=True)
    for number in range(count + 1):
        at = records.since(room.settings.state_dir, BASE + number, len(whole))
        assert at == len(b"".join(lines[:number]))


def test_formats(room: StagedRoom) -> None:
    whole = write(room, 3)
    rows = [
        json.loads(line) for line in room.ctl("log", "cat", "--format", "jsonl").stdout.splitlines()
    ]
    first = whole.splitlines(keepends=True)[0]
    assert rows[1] == {
        "offset": len(first),
        "time": stamp(BASE + 1),
        "sender": "bob",
        "id": "m1",
        "text": "text 1 ä",
    }
    table = list(csv.DictReader(io.StringIO(room.ctl("log", "cat", "--format", "csv").stdout)))
    assert [dict(row, offset=int(row["offset"])) for row in table] == rows


def test_export_writes_a_file_once(room: StagedRoom, tmp_path: Path) -> None:
    write(room, 10)
    file = tmp_path / "out.jsonl"
    assert room.ctl_json("log", "export", str(file), "--user", "bob")["records"] == 5
    assert [json.loads(line)["sender"] for line in file.read_text().splitlines()] == ["bob"] * 5
    again = room.ctl("log", "export", str(file))
    assert (again.exit_code, again.stderr.count("\n")) == (1, 1)


def test_tail(room: StagedRoom) -> None:
    whole = write(room, 100, segment=500)
    lines = whole.splitlines(keepends=True)
    assert room.ctl("log", "tail").stdout.encode() == b"".join(lines[-10:])
    assert room.ctl("log", "tail", "-n", "25").stdout.encode() == b"".join(lines[-25:])
    assert room.ctl("log", "tail", "-n", "0").stdout == ""
    assert room.ctl("log", "tail", "-n", "1000").stdout.encode() == whole


def test_tail_follows_across_segments(make_room: MakeRoom) -> None:
    room = make_room(chatlog={"segment_bytes": 256})
    alice = room.join("alice")
    command = [sys.executable, "-m", "papayactl", "--config", str(room.path)]
    with subprocess.Popen(
        [*command, "log", "tail", "-n", "0", "-f"], stdout=subprocess.PIPE
    ) as tail:
        assert tail.stdout
        wait_for(lambda: "nanosleep" in Path(f"/proc/{worker(tail.pid)}/wchan").read_text())
        for number in range(10):
            alice.send(b"MSG a%d hello\n" % number)
        alice.ping()
        seen = b"".join(tail.stdout.readline() for _ in range(10))
        assert [line.split()[2] for line in seen.splitlines()] == [b"a%d" % n for n in range(10)]
        tail.send_signal(signal.SIGINT)
        assert tail.wait(PATIENCE) == 0


def test_a_good_log_is_good(room: StagedRoom) -> None:
    whole = write(room, 50, segment=400)
    said = room.ctl_json("log", "verify")
    assert (said["good"], said["records"], said["end"]) == (True, 50, len(whole))
    last = segments.path(room.settings.state_dir, segments.bases(room.settings.state_dir)[-1])
    with open(last, "ab") as file:
        file.write(b"torn")
    assert room.ctl_json("log", "verify")["surplus"] == 4


@pytest.mark.parametrize("place", [0, 5, 19, 27, 400, 1111])
def test_the_first_bad_byte_is_named(room: StagedRoom, place: int) -> None:
    write(room, 50, segment=400)
    base = segments.holding(room.settings.state_dir, place)
    assert base is not None
    with open(segments.path(room.settings.state_dir, base), "r+b") as file:
        file.seek(place - base)
        file.write(b"\0")
    result = room.ctl("--json", "log", "verify")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["bad_offset"] == place
    assert f"bad at offset {place}" in result.stderr
    assert f"byte {place - base}" in result.stderr


def test_a_missing_segment_and_a_short_one(room: StagedRoom) -> None:
    write(room, 50, segment=400)
    second = segments.bases(room.settings.state_dir)[1]
    path = segments.path(room.settings.state_dir, second)
    size = os.stat(path).st_size
    os.truncate(path, size - 10)
    found = verify.verify(room.settings.state_dir, _end(room), lambda _: None)
    assert found.bad is not None
    assert second + size - 80 < found.bad < second + size
    os.truncate(path, 0)
    found = verify.verify(room.settings.state_dir, _end(room), lambda _: None)
    assert (found.bad, "ends here" in found.why) == (second, True)
    os.unlink(path)
    found = verify.verify(room.settings.state_dir, _end(room), lambda _: None)
    assert found.bad == second


def _end(room: StagedRoom) -> int:
    return int((room.settings.state_dir / "committed").read_text())


def test_prune_by_size_and_its_dry_run(room: StagedRoom) -> None:
    whole = write(room, 100, segment=500)
    bases = segments.bases(room.settings.state_dir)
    assert room.ctl("log", "prune").exit_code == 2
    assert room.ctl("log", "prune", "--keep-bytes", "1000").exit_code == 2  # nobody to ask
    told = room.ctl_json("log", "prune", "--keep-bytes", "1000", "--dry-run")
    assert told["removed"] == []
    assert segments.bases(room.settings.state_dir) == bases
    said = room.ctl_json("log", "prune", "--keep-bytes", "1000", "--yes")
    left = segments.bases(room.settings.state_dir)
    gone = [segments.name(base) for base in bases if base not in left]
    assert said["removed"] == told["segments"] == gone
    sealed = left[-1]
    assert sealed - left[0] >= 1000 > sealed - left[1]  # of sealed ones, at least
    assert room.ctl("log", "cat").stdout.encode() == whole[left[0] :]
    assert room.ctl_json("log", "verify")["start"] == left[0]


def test_prune_names_who_is_still_below_and_it_gets_the_gap(make_room: MakeRoom) -> None:
    room = make_room(**TALKATIVE | {"chatlog": {"durability": "kernel", "segment_bytes": 200_000}})
    stuck = room.join("bob", last=0)
    talker = room.join("alice")
    entry = room.entry("bob")
    wait_for(lambda: is_idle(entry.send))
    block(room, "bob", talker)
    _fill(talker, room)
    result = ctl(room, "--json", "log", "prune", "--keep-bytes", "200000", "--yes")
    said = json.loads(result.stdout)
    assert said["below"] == [f"bob@{entry.peer}"]
    assert f"bob@{entry.peer} has not got all of that yet: a gap" in result.stderr
    stuck.read_until(b"! gap ")
    stuck.ping()
    gap = next(line for line in stuck.stream.splitlines() if line.startswith(b"! gap "))
    assert int(gap.split()[2]) == said["oldest"]


def _fill(talker: object, room: Room) -> None:
    """Two segments more than the stuck client may have open."""
    peer = room.peers[-1]
    for number in range(12):
        peer.send(b"MSG f%d " % number + b"x" * 60000 + b"\n")
        peer.read_until(b" f%d " % number)
    assert peer is talker


def test_a_closed_pipe_is_no_error(room: StagedRoom) -> None:
    write(room, 5000)
    command = [sys.executable, "-m", "papayactl", "--config", str(room.settings.path), "log", "cat"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as cat:
        assert cat.stdout
        assert cat.stderr
        cat.stdout.readline()
        cat.stdout.close()
        assert cat.stderr.read() == b""
        assert cat.wait(PATIENCE) == 1


def test_a_room_that_never_ran_has_no_log(room: StagedRoom) -> None:
    (room.settings.state_dir / "committed").unlink()
    for words in (("tail",), ("cat",), ("verify",), ("path",), ("prune", "--keep-bytes", "1")):
        result = room.ctl("log", *words)
        assert result.exit_code == 75
        assert result.stderr.count("\n") == 1
