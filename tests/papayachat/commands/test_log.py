"""log: what the copy has, without a connection."""

import json
import locale
import time

import pytest

from lab.kit.terminal.scripted import LOG, ScriptedRoom
from papayachat.disk import profile, replica
from papayachat.disk.replica import Replica
from papayachat.stream import when
from papayachat.stream.cursor import Cursor
from papayad.errors import USAGE
from papayad.formats import record
from tests.papayachat.conftest import Chat


@pytest.fixture
def kept(room: ScriptedRoom) -> bytes:
    """A copy with three records and a line that is none."""
    old, new = record.stamp(time.time() - 90000), record.stamp(time.time() - 60)
    data = (
        record.render(old, "alice", "1", "rsync -a here there")
        + record.render(new, "bob", "2", "Rsync? \x1b[2J")
        + b"no record\n"
        + record.render(new, "*", "-", "part alice")
    )
    Replica(replica.directory(profile.load(None).name)).keep(Cursor(LOG, 100), data)
    room.stop_listening()
    return data


def test_prints_it_whole_and_safe_to_look_at(chat: Chat, kept: bytes) -> None:
    program = chat("log")
    assert program.code() == 0
    assert program.out.encode() == kept.replace(b"\x1b", "\u241b".encode())


def test_selects(chat: Chat, kept: bytes) -> None:
    def texts(*options: str) -> list[str]:
        program = chat("log", *options)
        assert program.code() == 0, program.err
        return [line.split(" ", 3)[3] for line in program.out.splitlines()]

    assert len(texts("--grep", "rsync")) == 2
    assert texts("--grep", "rsync", "--user", "alice") == ["rsync -a here there"]
    assert texts("--since", "2h", "--user", "*") == ["part alice"]


def test_json_has_the_offsets(chat: Chat, kept: bytes) -> None:
    program = chat("log", "--json")
    assert program.code() == 0
    objects = [json.loads(line) for line in program.out.splitlines()]
    assert [each["sender"] for each in objects] == ["alice", "bob", "*"]
    assert objects[0]["offset"] == 100


def test_usage(chat: Chat, kept: bytes) -> None:
    assert chat("log", "--grep", "(").code() == USAGE
    assert chat("log", "--since", "soon").code() == USAGE


@pytest.mark.parametrize(
    ("hour", "shown"),
    [("00:05", "12:05a"), ("09:30", " 9:30a"), ("12:00", "12:00p"), ("23:59", "11:59p")],
)
def test_hours_of_half_a_day(monkeypatch: pytest.MonkeyPatch, hour: str, shown: str) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    when.local.cache_clear()
    assert when.clock(f"2026-11-22T{hour}:00.000000Z", twelve=True) == shown
    assert when.has_twelve_hours("12") and not when.has_twelve_hours("24")
    monkeypatch.setattr(locale, "nl_langinfo", lambda item: "%I:%M:%S %p")
    assert when.has_twelve_hours("auto")


def test_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    try:
        when.local.cache_clear()
        assert when.parse("2026-11-22 21:53", 0) == "2026-11-22T19:53:00.000000Z"
        assert when.parse("2026-11-22T21:53:01Z", 0) == "2026-11-22T21:53:01.000000Z"
        assert when.parse("1h", 7200) == "1970-01-01T01:00:00.000000Z"
        assert when.parse("18:30", 0) == "1970-01-01T16:30:00.000000Z"
        assert when.parse("99999999999w", 0) is None
        assert when.clock("2026-11-22T23:53:01.123456Z") == "01:53"
        assert when.day("2026-11-22T23:53:01.123456Z") == "2026-11-23"
        assert (when.clock("2026-13-22T23:53:01Z"), when.day("x")) == ("--:--", "")
    finally:
        monkeypatch.undo()
        time.tzset()
        when.local.cache_clear()
