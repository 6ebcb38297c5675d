"""The four transactional requirements (design section 4), each with what proves it.

Writers never overwrite each other; no read of a record that is being written; no write while a
reader takes the end; any number of concurrent readers.
"""

import fcntl
import os
import random
import select
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.kit.processes import exit_code, fork, is_waiting_for, needs_proc_locks
from lab.kit.room import wait_for
from papayad.formats import record
from papayad.log import segments, store
from papayad.log.appender import Appender
from papayad.log.committed import FILE, Committed
from papayad.log.reader import Reader
from papayad.settings import Chatlog

WRITERS = 3
READERS = 2
RECORDS = 400  # of each writer
CHATLOG = Chatlog(durability="kernel", segment_bytes=1_000_000)


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    store.prepare(tmp_path, lambda line: None)
    return tmp_path


def appender(state_dir: Path) -> Appender:
    return Appender(state_dir, CHATLOG, lambda: None, lambda line: None)


def text_of(writer: str, number: int) -> str:
    """A text that says whose it is, of a size that is no multiple of a page."""
    chance = random.Random(f"{writer} {number}")
    return f"{writer}.{number}." * chance.randint(1, 2000)


def write_all(appender: Appender, writer: str) -> None:
    for number in range(RECORDS):
        appender.append([(writer, str(number), text_of(writer, number))])


def assert_whole(data: bytes) -> None:
    """Nothing but whole records, each with the text that its writer gave it."""
    assert not data or data.endswith(b"\n")
    for line in data.splitlines():
        known = record.parse(line)
        assert known is not None, line
        assert known.text == text_of(known.sender, int(known.id)), line


def log_of(state_dir: Path) -> bytes:
    bases = segments.bases(state_dir)
    return b"".join(Path(segments.path(state_dir, base)).read_bytes() for base in bases)


def end_of(state_dir: Path) -> int:
    return Reader(state_dir).end()


def assert_not(value: int, wrong: int) -> None:
    assert value != wrong


def sample(state_dir: Path, over: int) -> None:
    """Take the end and read up to it, again and again until `over` is closed.

    What was read once has to be what the log says for ever.
    """
    reader = Reader(state_dir)
    reader.seek(0)
    seen = b""
    last = False
    while not last:
        last = bool(select.select([over], [], [], 0)[0])
        end, start = reader.end(), reader.offset
        while reader.offset < end:
            seen += reader.read_on(end, end)
        assert_whole(seen[start:])
    assert seen == log_of(state_dir)


def run_under_load(state_dir: Path, appender_of: Callable[[], Appender]) -> list[int]:
    """Exit codes of writers and readers, 0 for each that saw and did nothing wrong."""
    over, running = os.pipe()

    def read() -> None:
        os.close(running)
        sample(state_dir, over)

    readers = [fork(read) for _ in range(READERS)]
    writers = [fork(lambda n=n: write_all(appender_of(), f"w{n}")) for n in range(WRITERS)]  # type: ignore[misc]
    codes = [exit_code(pid) for pid in writers]
    os.close(running)
    codes += [exit_code(pid) for pid in readers]
    os.close(over)
    return codes


def assert_complete(state_dir: Path) -> None:
    """Every writer's records are there once, in its order."""
    log = log_of(state_dir)
    assert_whole(log)
    assert len(log) == int((state_dir / FILE).read_text())
    records = [record.parse(line) for line in log.splitlines()]
    for writer in (f"w{n}" for n in range(WRITERS)):
        ids = [known.id for known in records if known and known.sender == writer]
        assert ids == [str(number) for number in range(RECORDS)]


def test_writers_and_readers_under_load(state_dir: Path) -> None:
    """Guards: LOCK_EX around an append."""
    codes = run_under_load(state_dir, lambda: appender(state_dir))
    assert set(codes) == {0}
    assert_complete(state_dir)


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="flock excludes no inherited lock")
def test_an_inherited_lock_excludes_nobody(state_dir: Path) -> None:
    """The same with one description of the lock for all writers: proves that the test can fail."""
    shared = Committed(state_dir, writable=True)

    def inheriting() -> Appender:
        own = appender(state_dir)
        own._committed.close()
        own._committed = shared
        return own

    codes = run_under_load(state_dir, inheriting)
    assert set(codes) == {0}
    assert_complete(state_dir)


@needs_proc_locks
def test_nobody_reads_or_writes_while_one_writes(state_dir: Path) -> None:
    """Guards: LOCK_EX around an append, LOCK_SH around taking the end."""
    one = appender(state_dir)
    with one.transaction():
        one.write([("w0", "0", text_of("w0", 0))])
        other = fork(lambda: appender(state_dir).append([("w1", "0", text_of("w1", 0))]))
        reader = fork(lambda: assert_not(end_of(state_dir), 0))
        for pid in (other, reader):
            wait_for(lambda pid=pid: is_waiting_for(state_dir / FILE, pid))  # type: ignore[misc]
        assert_whole(log_of(state_dir))
        assert [line.split()[1] for line in log_of(state_dir).splitlines()] == [b"w0"]
    assert [exit_code(pid) for pid in (other, reader)] == [0, 0]
    assert [line.split()[1] for line in log_of(state_dir).splitlines()] == [b"w0", b"w1"]


@needs_proc_locks
def test_nobody_writes_while_readers_take_the_end(state_dir: Path) -> None:
    """Guards: LOCK_SH, and not LOCK_EX, around taking the end, LOCK_EX around an append."""
    before = Reader(state_dir)
    with (state_dir / FILE).open() as holder:
        fcntl.flock(holder, fcntl.LOCK_SH)
        writer = fork(lambda: appender(state_dir).append([("w0", "0", text_of("w0", 0))]))
        wait_for(lambda: is_waiting_for(state_dir / FILE, writer))
        assert before.end() == end_of(state_dir) == 0
        assert log_of(state_dir) == b""
        fcntl.flock(holder, fcntl.LOCK_UN)  # closing is not enough: the writer has it inherited
    assert exit_code(writer) == 0
    assert before.end() == len(log_of(state_dir)) > 0
