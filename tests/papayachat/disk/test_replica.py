"""The replica: byte for byte the log, whatever is cut, killed, doubled or missing."""

import os
import random
import subprocess
import sys
from errno import ENOSPC, EROFS
from pathlib import Path

import pytest

from papayachat.disk.replica import Replica, offset
from papayachat.stream.cursor import Cursor
from papayachat.stream.splitter import Line, Splitter
from papayad.errors import Fault
from papayad.formats import record, wire
from papayad.formats.wire import Notice

LOG, OTHER = "0" * 31 + "1", "f" * 32


def lines(count: int, dice: random.Random) -> list[bytes]:
    sizes = [dice.choice((1, 20, 300, 9000)) for _ in range(count)]
    return [
        record.render(record.stamp(at), "bob", "-", "x" * size) for at, size in enumerate(sizes)
    ]


def content(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.glob("*.log")))


def read(replica: Replica) -> bytes:
    return b"".join(line.raw for line in replica.lines())


def test_an_empty_one(tmp_path: Path) -> None:
    replica = Replica(tmp_path / "none")
    assert (replica.cursor, replica.end) == (None, 0)
    assert replica.before(99) is None and replica.after(0) is None


@pytest.mark.parametrize("seed", range(40))
def test_any_cut_any_notice_any_number_of_processes(tmp_path: Path, seed: int) -> None:
    """Two follow the same log, each over connections that are cut anywhere, and are killed in the
    middle of a write; what is there is the log, or its beginning."""
    dice = random.Random(seed)
    log = b"".join(lines(30, dice))
    at = [0, 0]
    while min(at) < len(log):
        who = dice.randrange(2)
        stream = Splitter(at[who])
        replica = Replica(tmp_path)
        whole = dice.choice((len(log), dice.randrange(at[who], len(log) + 1)))
        sent = b"".join(
            (wire.render_notice(Notice("pong", "x")) if dice.random() < 0.3 else b"") + line
            for line in log[at[who] : whole].splitlines(keepends=True)
        )
        cut = dice.randrange(len(sent) + 1) if whole < len(log) else len(sent)
        for item in stream.feed(sent[:cut]):
            if isinstance(item, Line) and item.raw.endswith(b"\n"):
                replica.keep(Cursor(LOG, item.offset), item.raw)
                at[who] = item.end
        assert log.startswith(read(replica))
        replica.close()
        if at[1 - who] < len(log) and dice.random() < 0.3:
            torn = max(at)
            with (tmp_path / f"{LOG}-{0:020d}.log").open("ab") as file:
                file.write(log[torn : torn + dice.randrange(10)].rstrip(b"\n"))
    assert content(tmp_path) == log
    assert Replica(tmp_path).cursor == Cursor(LOG, len(log))


@pytest.mark.parametrize("seed", range(10))
def test_walking_both_ways_gives_the_same(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    replica = Replica(tmp_path)
    raw = lines(60, dice)
    replica.keep(Cursor(LOG, 1000), b"".join(raw))
    forward, back = list(replica.lines()), list(replica.lines_back(replica.end))
    assert [line.raw for line in forward] == raw
    assert forward == back[::-1]
    for number, line in enumerate(forward):
        assert replica.count(line.offset) == len(forward) - number
        assert replica.after(line.offset) == line
        assert replica.before(line.end) == line
    assert offset(forward[0].offset) == 1000


def test_a_gap_begins_a_file_and_older_lines_go_before(tmp_path: Path) -> None:
    replica = Replica(tmp_path)
    replica.keep(Cursor(LOG, 500), b"five\n")
    first = replica.after(0)
    replica.keep(Cursor(LOG, 900), b"nine\n")
    replica.keep(Cursor(OTHER, 10), b"other\n")
    assert len(list(tmp_path.iterdir())) == 3
    assert replica.cursor == Cursor(OTHER, 16)
    assert replica.hole_before(replica.address(Cursor(LOG, 500))) is None, "that log is gone"
    assert replica.hole_before(replica.address(Cursor(OTHER, 10))) == Cursor(OTHER, 10)
    replica.keep(Cursor(OTHER, 5), b"olde\n")
    assert replica.hole_before(replica.address(Cursor(OTHER, 10))) is None
    assert replica.after(0) == first, "addresses never move"
    assert read(replica) == b"five\nnine\nolde\nother\n"
    back = b"".join(line.raw for line in reversed(list(replica.lines_back(replica.end))))
    assert back == read(replica)
    assert read(Replica(tmp_path)) == read(replica)


def test_an_overlap_is_shown_once(tmp_path: Path) -> None:
    replica = Replica(tmp_path)
    replica.keep(Cursor(LOG, 5), b"two\nthree\n")
    replica.keep(Cursor(LOG, 0), b"one.\ntwo\n")
    assert read(replica) == b"one.\ntwo\nthree\n"
    back = [line.raw for line in replica.lines_back(replica.end)]
    assert back == [b"three\n", b"two\n", b"one.\n"]


@pytest.mark.parametrize("torn", [b"2026-11-22T21:5", b"\0" * 5000, b"good\n\0\0bad\n"])
def test_what_a_crash_left_is_cut(tmp_path: Path, torn: bytes) -> None:
    replica = Replica(tmp_path)
    replica.keep(Cursor(LOG, 0), b"one\n")
    good = b"one\ngood\n" if torn.startswith(b"good") else b"one\n"
    (file,) = tmp_path.iterdir()
    with file.open("ab") as tail:
        tail.write(torn)
    again = Replica(tmp_path)
    assert again.cursor == Cursor(LOG, len(good))
    again.keep(Cursor(LOG, len(good)), b"two\n")
    assert file.read_bytes() == good + b"two\n"


def test_a_file_that_was_cut_under_us_is_no_hole(tmp_path: Path) -> None:
    replica = Replica(tmp_path)
    replica.keep(Cursor(LOG, 0), b"one\ntwo\n")
    (file,) = tmp_path.iterdir()
    os.truncate(file, 4)
    replica.keep(Cursor(LOG, 8), b"three\n")
    assert read(replica) == b"one\nthree\n"
    assert [line.raw for line in replica.lines_back(replica.end)] == [b"three\n", b"one\n"]


def test_an_identity_is_no_path(tmp_path: Path) -> None:
    with pytest.raises(Fault):
        Replica(tmp_path / "x").keep(Cursor("../../evil", 0), b"one\n")
    for far in (-1, 1 << 60):
        with pytest.raises(Fault):
            Replica(tmp_path / "x").keep(Cursor(LOG, far), b"one\n")
    assert not (tmp_path / "evil").exists()


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands for it: a part is written, then EFBIG."""
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from papayachat.disk.replica import Replica; from papayachat.stream.cursor import Cursor\n"
        "from papayad.errors import Fault\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "r = Replica(Path(sys.argv[1])); r.keep(Cursor('0', 0), b'one\\n')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "try: r.keep(Cursor('0', 4), b'x' * 20 + b'\\n')\n"
        "except Fault as fault: print(fault.why)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "File too large\n"
    assert content(tmp_path) == b"one\n"


def test_the_copy_knows_the_record_before_its_end(tmp_path: Path) -> None:
    replica = Replica(tmp_path)
    replica.keep(Cursor(LOG, 1000), b"one\ntwo\n")
    assert replica.cursor is not None and replica.cursor.check == wire.check_of(b"two\n")


def test_a_log_that_was_put_back_replaces_what_it_no_longer_has(tmp_path: Path) -> None:
    """What the server says now is what was said; a false tail goes with the first line of it."""
    replica = Replica(tmp_path)
    replica.keep(Cursor(LOG, 0), b"one\ntwo\nfalse\nfalse again\n")
    replica.keep(Cursor(LOG, 4), b"two\ntrue\n")
    assert content(tmp_path) == b"one\ntwo\ntrue\n"
    assert read(replica) == b"one\ntwo\ntrue\n"
    replica.keep(Cursor(LOG, 13), b"more\n")
    assert read(Replica(tmp_path)) == b"one\ntwo\ntrue\nmore\n"


def test_what_the_disk_does_not_take_goes_on_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = Replica(tmp_path / "copy", tmp_path / "spare")
    replica.keep(Cursor(LOG, 0), b"one\n")
    full = {path.stat().st_ino for path in (tmp_path / "copy").iterdir()}
    write = os.pwrite

    def refused(descriptor: int, data: bytes, place: int) -> int:
        if os.fstat(descriptor).st_ino in full:
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        return write(descriptor, data, place)

    monkeypatch.setattr(os, "pwrite", refused)
    replica.keep(Cursor(LOG, 4), b"two\n")
    replica.keep(Cursor(LOG, 8), b"three\n")
    assert replica.trouble is not None and "No space" in replica.trouble.why
    assert read(replica) == b"one\ntwo\nthree\n"
    assert replica.cursor == Cursor(LOG, 14)
    replica.close()
    assert not (tmp_path / "spare").exists()
    assert read(Replica(tmp_path / "copy")) == b"one\n"


def test_without_another_place_it_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("in the way")
    with pytest.raises(Fault):
        Replica(tmp_path / "copy").keep(Cursor(LOG, 0), b"one\n")


def test_a_copy_that_may_not_be_written_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Replica(tmp_path).keep(Cursor(LOG, 0), b"one\n")
    open_file = os.open

    def read_only(path: Path, flags: int, mode: int = 0) -> int:
        if flags & os.O_RDWR:
            raise OSError(EROFS, os.strerror(EROFS))
        return open_file(path, flags, mode)

    monkeypatch.setattr(os, "open", read_only)
    assert read(Replica(tmp_path)) == b"one\n"


@pytest.mark.parametrize("seed", range(5))
def test_a_time_is_a_place(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    replica = Replica(tmp_path)
    offset, said = 0, []
    for number in range(200):
        offset += dice.choice((0, 0, 0, 0, 300))
        text = "x" * dice.randrange(1, 99)
        raw = record.render(record.stamp(1000.0 + number * 10), "bob", "-", text)
        said.append((replica.keep(Cursor(LOG, offset), raw), raw))
        offset += len(raw)
    for seconds in (0.0, 1000.0, 1005.0, 1990.0, 2983.3, 2990.0, 9999.0):
        stamp = record.stamp(seconds)
        later = [address for address, raw in said if raw.decode() >= stamp]
        assert replica.address_at(stamp) == (later[0] if later else replica.end)
    assert all(replica.is_line_start(address) for address, _ in said)
    assert not any(replica.is_line_start(address + 5) for address, _ in said)
