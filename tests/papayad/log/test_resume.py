"""Where a stream begins while segments are being removed (design section 4)."""

import os
from pathlib import Path

import pytest

from papayad.formats.redaction import redact
from papayad.formats.wire import Hello, check_of
from papayad.log import reader as reading
from papayad.log import resume, segments, store
from papayad.log.appender import Appender
from papayad.log.reader import Reader
from papayad.settings import Chatlog

IDENTITY = "0" * 32


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """Of a log of ten segments, a record each."""
    store.prepare(tmp_path, lambda line: None)
    chatlog = Chatlog(durability="kernel", segment_bytes=256)
    own = Appender(tmp_path, chatlog, lambda: None, lambda line: None)
    for number in range(10):
        own.append([("alice", str(number), "x" * 200)])
    assert len(segments.bases(tmp_path)) == 10
    return Reader(tmp_path)


@pytest.mark.parametrize(
    ("asked", "look"), [({"last": 100}, 1), ({"since": 250, "log": IDENTITY}, 2)]
)
def test_segments_go_while_they_are_looked_at(
    reader: Reader,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: dict[str, object],
    look: int,
) -> None:
    """Guards: looking again, where a listed segment is gone when it is opened."""
    known = segments.bases(tmp_path)
    looks = 0

    def list_and_prune(state_dir: str | Path) -> list[int]:
        nonlocal looks
        looks += 1
        listed = bases(state_dir)
        if looks == look:
            for base in listed[:5]:
                os.unlink(segments.path(state_dir, base))
        return listed

    bases = segments.bases
    for module in (segments, reading):  # `holding` has it from the one, Reader from the other
        monkeypatch.setattr(module, "bases", list_and_prune)
    start = resume.resolve(Hello("", **asked), reader, IDENTITY, 50)  # type: ignore[arg-type]
    assert start.offset == known[5]
    assert start.gap == ("since" in asked)


def boundaries(log: bytes) -> list[int]:
    return [place + 1 for place, byte in enumerate(log) if byte == 10]


def whole_log(state_dir: Path) -> bytes:
    return b"".join(
        Path(segments.path(state_dir, base)).read_bytes() for base in segments.bases(state_dir)
    )


def ask(reader: Reader, since: int, check: str) -> resume.Start:
    return resume.resolve(Hello("", since, IDENTITY, check=check), reader, IDENTITY, 1)


def test_a_cursor_that_knows_its_content(reader: Reader, tmp_path: Path) -> None:
    """Guards: looking into the segment before, where the cursor is at the start of one."""
    log = whole_log(tmp_path)
    start = 0
    for end in boundaries(log):
        assert ask(reader, end, check_of(log[start:end])) == resume.Start(end, len(log), False)
        start = end


def test_a_cursor_of_a_log_that_is_another_one_now(reader: Reader, tmp_path: Path) -> None:
    """Guards: comparing the check, where identity and offset are right."""
    log = whole_log(tmp_path)
    for end in boundaries(log):
        start = ask(reader, end, check_of(b"another record\n"))
        assert start.gap
        assert start.offset == boundaries(log)[-2]
        assert not ask(reader, end, "").gap  # an older client says nothing


def test_a_record_longer_than_a_block_is_checked_whole(tmp_path: Path) -> None:
    """Guards: reading on to the record's begin."""
    store.prepare(tmp_path, lambda line: None)
    own = Appender(tmp_path, Chatlog(durability="kernel"), lambda: None, lambda line: None)
    own.append([("alice", "-", "short"), ("alice", "-", "x" * 200_000)])
    log = whole_log(tmp_path)
    first, end = boundaries(log)
    assert not ask(Reader(tmp_path), end, check_of(log[first:])).gap
    assert ask(Reader(tmp_path), end, check_of(log[end - 65536 :])).gap


def test_of_a_pruned_record_the_client_is_believed(reader: Reader, tmp_path: Path) -> None:
    known = segments.bases(tmp_path)
    os.unlink(segments.path(tmp_path, known[0]))
    assert not ask(reader, known[1], "0" * 16).gap
    assert ask(reader, known[2], "0" * 16).gap


def test_of_a_redacted_record_the_client_is_believed(reader: Reader, tmp_path: Path) -> None:
    """It may have read it before: a gap would make it begin a new copy."""
    log, known = whole_log(tmp_path), segments.bases(tmp_path)
    path = Path(segments.path(tmp_path, known[1]))
    before = path.read_bytes()
    path.write_bytes(redact(before))
    end = known[1] + len(before)
    assert not ask(reader, end, check_of(before)).gap
    assert not ask(reader, end, check_of(redact(before))).gap
    assert ask(reader, known[1], check_of(log[:5])).gap
