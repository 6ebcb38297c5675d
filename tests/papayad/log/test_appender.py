"""The committed end and the segments do not fit: nothing that was shown is cut."""

import os
import random
import time
from pathlib import Path

import pytest

from papayad.formats import record
from papayad.log import appender as appending
from papayad.log import segments, store
from papayad.log.appender import Appender, StorageError
from papayad.settings import Chatlog

CHATLOG = Chatlog(durability="kernel", segment_bytes=400)


class Log:
    """A log in a directory; `warned` is what its appenders said."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.warned: list[str] = []
        self.announced = 0
        store.prepare(state_dir, self.warned.append)

    def appender(self) -> Appender:
        return Appender(self.state_dir, CHATLOG, self._announce, self.warned.append)

    def say(self, *texts: str, appender: Appender | None = None) -> None:
        """A transaction for each text."""
        own = appender or self.appender()
        for text in texts:
            own.append([("alice", "-", text)])
        if own is not appender:
            own.close()

    def content(self) -> bytes:
        known = segments.bases(self.state_dir)
        return b"".join(Path(segments.path(self.state_dir, base)).read_bytes() for base in known)

    def texts(self) -> list[str]:
        known = [record.parse(line) for line in self.content().splitlines()]
        return [one.text if one else "(no record)" for one in known]

    @property
    def end(self) -> int:
        return int((self.state_dir / "committed").read_text())

    @end.setter
    def end(self, value: int) -> None:
        (self.state_dir / "committed").write_bytes(b"%020d\n" % value)

    def await_tick(self) -> None:
        """Return when the file system's clock, which has ticks, is past now."""
        now, probe = time.time(), self.state_dir / "probe"
        while not probe.exists() or probe.stat().st_ctime <= now:
            probe.write_bytes(b"")

    def last(self) -> Path:
        return Path(segments.path(self.state_dir, segments.bases(self.state_dir)[-1]))

    def _announce(self) -> None:
        self.announced += 1


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


TEXTS = [f"text {number} {'x' * (number % 40)}" for number in range(20)]


def boundaries(content: bytes) -> list[int]:
    return [0, *(place + 1 for place, byte in enumerate(content) if byte == 10)]


@pytest.mark.parametrize("back", [1, 2, 3, 10, 20])
@pytest.mark.parametrize("known", [True, False], ids=["one who was there", "a newcomer"])
def test_an_end_that_went_back_costs_nothing(log: Log, back: int, known: bool) -> None:
    """Guards: keeping whole records that are older than the last change of `committed`."""
    own = log.appender()
    log.say(*TEXTS, appender=own)
    log.await_tick()
    log.end = boundaries(log.content())[-1 - back]
    log.say("and on", appender=own if known else None)
    assert log.texts() == [*TEXTS, "and on"]
    assert log.end == len(log.content())
    assert any("went back" in line for line in log.warned)


@pytest.mark.parametrize("off", [1, 5, 30])
def test_an_end_inside_a_record_costs_nothing(log: Log, off: int) -> None:
    """Guards: looking at the byte before the end."""
    log.say(*TEXTS)
    log.end -= off
    log.say("and on")
    assert log.texts() == [*TEXTS, "and on"]


def test_who_finds_that_the_end_went_back_wakes_the_readers(log: Log) -> None:
    log.say(*TEXTS)
    log.await_tick()
    log.end = 0
    log.announced = 0
    log.appender().append([])
    assert log.announced == 1
    assert log.end == len(log.content())


def leave(log: Log, *lines: bytes) -> None:
    """What a writer that is killed leaves behind the committed end."""
    with log.last().open("ab") as file:
        file.write(b"".join(lines))


def rendered(*texts: str, at: float | None = None) -> list[bytes]:
    now = record.stamp(time.time() if at is None else at)
    return [record.render(now, "bob", "-", text) for text in texts]


@pytest.mark.parametrize("size", [10, 100, 200, 10**6])
def test_what_a_killed_writer_left_is_cut(log: Log, size: int) -> None:
    """One batch, whole or torn, younger than the end: its sender sends it again."""
    log.say(*TEXTS)
    leave(log, b"".join(rendered("one", "two", "three"))[:size])
    log.say("and on")
    assert log.texts() == [*TEXTS, "and on"]
    assert any("never committed" in line for line in log.warned)


def test_records_of_several_moments_are_no_killed_writers(log: Log) -> None:
    """Guards: comparing the timestamps, where `committed` has an old time."""
    log.say(*TEXTS)
    leave(log, *rendered("one"), *rendered("two", at=time.time() + 1), b"2026-11-22 torn")
    log.say("and on")
    assert log.texts() == [*TEXTS, "one", "two", "and on"]


def test_who_cannot_tell_writes_nothing(log: Log) -> None:
    """Guards: refusing where records come after a line that is none."""
    log.say(*TEXTS)
    leave(log, b"garbage\n", *rendered("shown or not"))
    before = log.content()
    own = log.appender()
    for _ in range(2):
        with pytest.raises(StorageError, match="no record at offset"):
            log.say("and on", appender=own)
    assert log.content() == before
    assert len([line for line in log.warned if "cannot be written" in line]) == 1


@pytest.mark.parametrize("record_number", [0, 1, 2])
def test_a_bad_line_below_the_end_is_not_cut(log: Log, record_number: int) -> None:
    """Guards: refusing where the last record that is whole ends before the end."""
    log.say("one", "two", "three")
    content = log.content()
    place = boundaries(content)[record_number]
    log.last().write_bytes(content[: place + 5] + b"?" + content[place + 6 :])
    log.end = len(content) - 3
    with pytest.raises(StorageError, match=f"no record at offset {place}"):
        log.say("and on")
    assert len(log.content()) == len(content)


def test_a_segment_that_belongs_to_no_log_is_not_gone_on_in(log: Log) -> None:
    """Guards: that the last segment begins where the one before it ends."""
    log.say("one")
    Path(segments.path(log.state_dir, 10**17)).touch()
    with pytest.raises(StorageError, match=f"ends at offset {log.end}, and the next"):
        log.say("two")


@pytest.mark.parametrize("end", [10**17, 10**18, 10**19, 99999999999999999999])
def test_an_end_far_beyond_the_log_is_not_gone_on_from(log: Log, end: int) -> None:
    """Guards: that no hole is made which is larger than a segment."""
    log.say(*TEXTS)
    known = segments.bases(log.state_dir)
    log.end = end
    with pytest.raises(StorageError, match="far beyond"):
        log.say("two")
    assert segments.bases(log.state_dir) == known


@pytest.mark.parametrize("content", [b"", b"garbage", bytes(21), b"-0000000000000000005\n"])
def test_an_end_that_is_no_number(log: Log, content: bytes) -> None:
    log.say(*TEXTS)
    (log.state_dir / "committed").write_bytes(content)
    with pytest.raises(StorageError, match="has no number"):
        log.say("two")
    assert log.texts() == TEXTS


def test_an_end_in_another_file(log: Log) -> None:
    """Guards: looking whether the lock is the room's: two files are two locks."""
    own = log.appender()
    log.say(*TEXTS, appender=own)
    new = log.state_dir / "new"
    new.write_bytes((log.state_dir / "committed").read_bytes())
    new.rename(log.state_dir / "committed")
    log.say("by one who came later")
    with pytest.raises(StorageError, match="no longer the room's"):
        log.say("by one who was there", appender=own)
    assert log.texts() == [*TEXTS, "by one who came later"]


@pytest.mark.parametrize("seed", range(100))
def test_any_end_costs_nothing_that_was_shown(log: Log, seed: int) -> None:
    """Whatever `committed` says, and whatever a killed writer left: what was there stays."""
    dice = random.Random(seed)
    texts = [f"text {n} {'ä' * dice.randint(0, 90)}" for n in range(dice.randint(1, 30))]
    log.say(*texts)
    log.await_tick()
    shown = log.content()
    end = dice.choice((dice.randint(0, 2 * len(shown)), dice.choice(boundaries(shown)), 10**19))
    log.end = end
    if dice.random() < 0.5:
        left = b"".join(rendered("left", "behind"))
        leave(log, left[: dice.randint(0, len(left))])
    own = log.appender()
    for number in range(3):
        try:
            log.say(f"new {number}", appender=own)
        except StorageError:
            assert end != len(shown)
    own.close()
    assert log.content().startswith(shown)
    assert "(no record)" not in log.texts()[: len(texts)]
    assert os.path.getsize(log.state_dir / "committed") == 21


# A day has a segment of its own where days are what is kept


class Days:
    """A log that keeps some days; `say` writes a record at noon of a day of January 2026."""

    def __init__(self, state_dir: Path, monkeypatch: pytest.MonkeyPatch, keep: int) -> None:
        self.state_dir = state_dir
        store.prepare(state_dir, lambda _: None)
        self.chatlog = Chatlog(durability="kernel", retain_days=keep)
        self.now = 0.0
        monkeypatch.setattr(appending, "time", lambda: self.now)

    def appender(self) -> Appender:
        return Appender(self.state_dir, self.chatlog, lambda: None, lambda _: None)

    def say(self, day: int, appender: Appender) -> None:
        self.now = record.seconds(f"2026-01-{day:02d}T12:00:00.000000Z")
        appender.append([("alice", "-", f"day {day}")])

    def segments(self) -> list[list[str]]:
        """The texts in each."""
        paths = [segments.path(self.state_dir, base) for base in segments.bases(self.state_dir)]
        lines = [Path(path).read_bytes().splitlines() for path in paths]
        return [[one.text for line in part if (one := record.parse(line))] for part in lines]


def test_a_day_has_a_segment_where_days_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Guards: rotating by age: one record of years ago kept all that was written after it."""
    log = Days(tmp_path, monkeypatch, keep=2)
    own, other = log.appender(), log.appender()
    log.say(1, own)
    log.say(1, other)
    assert log.segments() == [["day 1", "day 1"]]
    log.say(2, own)
    log.say(2, other)
    assert log.segments() == [["day 1", "day 1"], ["day 2", "day 2"]]
    log.say(3, other)
    log.say(4, log.appender())
    assert log.segments() == [["day 2", "day 2"], ["day 3"], ["day 4"]]
    log.say(20, own)
    assert log.segments() == [["day 20"]]


def test_a_clock_that_goes_back_makes_no_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Days(tmp_path, monkeypatch, keep=9)
    own = log.appender()
    for day in (5, 4, 5, 3, 5):
        log.say(day, own)
    assert len(log.segments()) == 1


def test_without_days_no_segment_ends_by_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Days(tmp_path, monkeypatch, keep=0)
    own = log.appender()
    for day in (1, 2, 30):
        log.say(day, own)
    assert log.segments() == [["day 1", "day 2", "day 30"]]


def test_rotation_by_hand(log: Log) -> None:
    """Nothing is lost, offsets go on, and an empty segment is not sealed."""
    own = log.appender()
    log.say("one", appender=own)
    for _ in range(3):
        with own.transaction():
            own.rotate()
    assert segments.bases(log.state_dir) == [0, log.end]
    log.say("two", appender=own)
    assert log.texts() == ["one", "two"]
    assert log.end == len(log.content())
