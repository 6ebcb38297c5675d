"""What a reader does with segments that somebody truncated, edited, emptied or removed."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from papayad.cluster.send import Sender
from papayad.log import segments, store
from papayad.log.appender import Appender
from papayad.log.reader import Reader
from papayad.settings import Chatlog

MOST = 1000  # calls of an outlet: whoever makes more would go on for ever


class Copy:
    """An outlet that keeps what a client would have: bytes by their offset."""

    def __init__(self) -> None:
        self.stream = b""
        self.parts: list[tuple[int, bytes]] = []
        self._calls = 0

    def log(self, reader: Reader, end: int) -> None:
        while reader.offset < end:
            self._calls += 1
            assert self._calls < MOST, "it goes on for ever"
            offset = reader.offset
            data = reader.read_on(end, 150)
            self.parts.append((offset, data))
            self.stream += data

    def line(self, data: bytes) -> None:
        self.stream += data

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    """A log of segments of 3 records each."""
    store.prepare(tmp_path, lambda line: None)
    chatlog = Chatlog(durability="kernel", segment_bytes=300)
    own = Appender(tmp_path, chatlog, lambda: None, lambda line: None)
    for number in range(30):
        own.append([("alice", f"m{number}", "x" * (40 + number % 7))])
    own.close()
    return tmp_path


def whole_log(state_dir: Path) -> bytes:
    return b"".join(
        Path(segments.path(state_dir, base)).read_bytes() for base in segments.bases(state_dir)
    )


def sender(reader: Reader, copy: Copy) -> Sender:
    """SEND's own way through the log, without a client."""
    nothing: Any = None
    return Sender(0.0, reader, copy, nothing, nothing)


def read_from(state_dir: Path, offset: int) -> Copy:
    reader, copy = Reader(state_dir), Copy()
    own = sender(reader, copy)
    own._go_to(offset)
    own._send_log(reader.end())
    reader.close()
    return copy


def assert_true(copy: Copy, log: bytes) -> None:
    """Whatever was sent is the log's, whole records of it, and no notice stands inside one."""
    for offset, data in copy.parts:
        assert data == log[offset : offset + len(data)]
    known = set(log.splitlines())
    for line in copy.stream.splitlines():
        assert line in known or line.startswith(b"! gap "), line


def gaps(copy: Copy) -> list[int]:
    return [int(line[6:]) for line in copy.stream.splitlines() if line.startswith(b"! gap ")]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "a byte": lambda data: data[:1],
    "cut in a record": lambda data: data[:-10],
    "a record less": lambda data: data[: data.rindex(b"\n", 0, -1) + 1],
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("place", [0, 4])
def test_a_segment_that_is_too_short_is_a_gap(state_dir: Path, damage: str, place: int) -> None:
    """Guards: that no segment is its own successor, and an end before the torn record."""
    log, known = whole_log(state_dir), segments.bases(state_dir)
    path = Path(segments.path(state_dir, known[place]))
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    copy = read_from(state_dir, 0)
    assert_true(copy, log)
    assert gaps(copy) == [known[place + 1]]
    assert copy.stream.endswith(log[known[place + 1] :])


def test_a_segment_that_is_too_long_ends_where_the_next_begins(state_dir: Path) -> None:
    """Guards: the end that the next one's name says."""
    log, known = whole_log(state_dir), segments.bases(state_dir)
    with open(segments.path(state_dir, known[2]), "ab") as file:
        file.write(b"what somebody added\n")
    copy = read_from(state_dir, 0)
    assert copy.stream == log


def test_a_segment_that_is_removed_is_a_gap(state_dir: Path) -> None:
    log, known = whole_log(state_dir), segments.bases(state_dir)
    os.unlink(segments.path(state_dir, known[3]))
    copy = read_from(state_dir, 0)
    assert_true(copy, log)
    assert gaps(copy) == [known[4]]


@pytest.mark.parametrize("end", [10**19, 99_999_999_999_999_999_999])
def test_an_end_that_nothing_reaches(state_dir: Path, end: int) -> None:
    """Guards: waiting for a successor, instead of a gap to where nothing is and nothing comes."""
    log = whole_log(state_dir)
    (state_dir / "committed").write_bytes(b"%020d\n" % end)
    copy = read_from(state_dir, 0)
    assert copy.stream == log
    reader = Reader(state_dir)
    assert reader.written() == len(log)
    assert reader.start_of_last(1, end) == log.rindex(b"\n", 0, -1) + 1
    reader.close()


def test_the_last_segment_is_emptied_under_a_reader(state_dir: Path) -> None:
    """It waits, and goes on where the next writer does; what was torn gets an end."""
    log, known = whole_log(state_dir), segments.bases(state_dir)
    reader, copy = Reader(state_dir), Copy()
    own = sender(reader, copy)
    own._go_to(known[-1])
    copy.stream += reader.read_on(reader.end(), 20)
    os.truncate(segments.path(state_dir, known[-1]), 0)
    own._send_log(reader.end())
    assert copy.stream == log[known[-1] :][:20]
    chatlog = Chatlog(durability="kernel")
    Appender(state_dir, chatlog, lambda: None, lambda line: None).append([("bob", "-", "on")])
    own._send_log(reader.end())
    first, gap, said = copy.stream.splitlines()
    assert first == log[known[-1] :][:20]
    assert gap == b"! gap %d" % len(log)
    assert said.endswith(b" bob - on")


@pytest.mark.parametrize("seed", range(60))
def test_any_damage(state_dir: Path, seed: int) -> None:
    """It ends, tells of what is missing, and says nothing that the log did not."""
    dice = random.Random(seed)
    log, known = whole_log(state_dir), segments.bases(state_dir)
    fates = {base: dice.choice(("cut", "remove", "lengthen")) for base in dice.sample(known, 4)}
    for base, following in zip(known, [*known[1:], -1], strict=True):
        path, fate = Path(segments.path(state_dir, base)), fates.get(base)
        if fate == "remove":
            path.unlink()
        elif fate == "cut":
            os.truncate(path, dice.randint(0, path.stat().st_size))
        elif fate == "lengthen" and following >= 0 and fates.get(following) != "remove":
            path.write_bytes(path.read_bytes() + b"x" * dice.randint(1, 500))
    boundaries = [0, *(place + 1 for place, byte in enumerate(log) if byte == 10)]
    copy = read_from(state_dir, dice.choice(boundaries))
    copy.stream = copy.stream[: copy.stream.rfind(b"\n") + 1]  # the last segment may be torn
    assert_true(copy, log)
