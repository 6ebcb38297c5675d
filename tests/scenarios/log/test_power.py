"""Power: what anybody was shown under "disk" is there after any cut (design section 4).

The order of write, fdatasync, the new end and the announcement is taken from a trace of the system
calls. Then a model of a crash: what was written and not synced is there, torn, zeros, or nothing.
"""

import random
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from lab.kit.machine.injection import needs_strace, traced_by
from lab.kit.room import is_alive, wait_for
from papayad.formats import record
from papayad.log import segments, store
from papayad.log.appender import Appender
from papayad.settings import Chatlog
from tests.conftest import MakeRoom

SECTOR = 512


@needs_strace
def test_the_order_is_write_sync_end_announcement(make_room: MakeRoom, tmp_path: Path) -> None:
    room = make_room()
    alice = room.join("alice")
    alice.ping(b"before")
    pid, trace = room.entry("alice").recv, tmp_path / "trace"
    calls = "trace=write,fdatasync,pwrite64,kill,flock"
    tracer = subprocess.Popen(["strace", "-qq", "-y", "-o", trace, "-p", str(pid), "-e", calls])
    wait_for(lambda: traced_by(pid) == tracer.pid)
    alice.send(b"MSG a1 one\n")
    alice.read_until(b" alice a1 one\n")
    alice.ping(b"behind")
    tracer.send_signal(signal.SIGINT)
    tracer.wait()
    wait_for(lambda: is_alive(pid) and traced_by(pid) == 0)
    seen = [
        match[1] + (":" + match[2] if match[1] in ("write", "pwrite64") else "")
        for match in re.finditer(r"(?m)^(\w+)\((?:-?\d+<?([^>,]*)>?)?", trace.read_text())
    ]
    segment = segments.path(room.state_dir, 0)
    first = seen.index(f"write:{segment}")
    assert seen[first - 1 : first + 5] == [
        "flock",
        f"write:{segment}",
        "fdatasync",
        f"pwrite64:{room.state_dir / 'committed'}",
        "flock",
        "kill",
    ]


@pytest.mark.parametrize("seed", range(20))
def test_any_cut_leaves_all_that_was_shown(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    whole = tmp_path / "whole"
    whole.mkdir()
    store.prepare(whole, lambda _: None)
    ends = [0]
    appender = Appender(whole, Chatlog(), lambda: None, lambda _: None)
    for number in range(dice.randint(2, 30)):
        text = "x" * dice.randint(1, 2000)
        appender.append([("alice", f"m{number}", text)])
        ends.append(int((whole / "committed").read_text()))
    appender.close()
    log = Path(segments.path(whole, 0)).read_bytes()
    for _ in range(50):
        cut = dice.randrange(len(ends) - 1)
        _assert_reopens(tmp_path / "cut", whole, log, ends, cut, dice)


def _assert_reopens(
    path: Path, whole: Path, log: bytes, ends: list[int], cut: int, dice: random.Random
) -> None:
    """The power goes while the record behind ends[cut] is being written and not yet synced."""
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(whole, path)
    shown = ends[cut]
    Path(segments.path(path, 0)).write_bytes(_torn(log, shown, ends[cut + 1], dice))
    (path / "committed").write_bytes(_some_committed(ends[: cut + 1], dice))
    store.prepare(path, lambda _: None)
    end = int((path / "committed").read_text())
    found = Path(segments.path(path, 0)).read_bytes()
    assert len(found) == end >= shown
    assert found[:shown] == log[:shown]
    assert all(record.parse(line) for line in found.splitlines())


def _torn(log: bytes, synced: int, end: int, dice: random.Random) -> bytes:
    """The synced bytes, and behind them each sector old, new, torn or zeros; cut anywhere."""
    image = bytearray(log[:end])
    for start in range(synced - synced % SECTOR, end, SECTOR):
        stop = min(start + SECTOR, end)
        fate = dice.choice(("new", "zeros", "torn"))
        lost = {"new": stop, "zeros": start, "torn": dice.randint(start, stop)}[fate]
        image[max(lost, synced) : stop] = bytes(stop - max(lost, synced))
    return bytes(image[: dice.randint(synced, end)])


def _some_committed(stored: list[int], dice: random.Random) -> bytes:
    """The file is never synced: any end that was ever stored, none, or zeros."""
    known = [b"%020d\n" % end for end in stored]
    return dice.choice([*known, b"", bytes(21), b"%020d\n" % stored[-1]])
