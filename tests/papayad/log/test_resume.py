"""Where a stream begins while segments are being removed (design section 4)."""

import os
from pathlib import Path

import pytest

from papayad.formats.wire import Hello
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
