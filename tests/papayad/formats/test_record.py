"""Records: what is written parses back, and nothing else parses."""

import pytest

from papayad.formats import record
from papayad.formats.record import Record

STAMP = "2026-11-22T21:53:01.123456Z"
LINE = f"{STAMP} alice k3x9 hello, world".encode()


def test_render_gives_the_line_of_the_design() -> None:
    assert record.render(STAMP, "alice", "k3x9", "hello, world") == LINE + b"\n"


def test_parse_gives_the_parts_back() -> None:
    assert record.parse(LINE) == Record(STAMP, "alice", "k3x9", "hello, world")


@pytest.mark.parametrize(
    "text",
    [" ", "  two  spaces ", "- - -", "tab\there", "grüße, 世界 🍈", f"two{record.LINE_BREAK}lines"],
)
def test_a_clean_text_survives_as_it_is(text: str) -> None:
    assert record.clean(text) == text
    parsed = record.parse(record.render(STAMP, "a", "-", text)[:-1])
    assert parsed is not None
    assert parsed.text == text


def test_the_servers_own_records_have_a_sender_that_no_user_can_have() -> None:
    parsed = record.parse(record.render(STAMP, record.SERVER, record.NO_ID, "join alice")[:-1])
    assert parsed == Record(STAMP, "*", "-", "join alice")
    assert not record.NAME.match(record.SERVER)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        LINE + b"\n",
        LINE[1:],
        f"{STAMP} alice k3x9 ".encode(),
        f"{STAMP} alice k3x9".encode(),
        f"{STAMP} Alice k3x9 hello".encode(),
        f"{STAMP} alice k3x9k3x9k3x9k3x9k hello".encode(),
        f"{STAMP} alice k.x hello".encode(),
        f"{STAMP}  alice k3x9 hello".encode(),
        f"{STAMP} alice k3x9 ".encode() + b"\xff",
        LINE.replace(b"2026", "٢٠٢٦".encode()),
        LINE.replace(b"01.123456Z", b"01Z"),
    ],
)
def test_what_is_no_record_is_none(line: bytes) -> None:
    assert record.parse(line) is None


@pytest.mark.parametrize("place", range(len(LINE)))
def test_a_record_with_a_zeroed_byte_is_none(place: int) -> None:
    """After a power cut sectors may read as zeros, in the middle of a text too."""
    assert record.parse(LINE[:place] + b"\0" + LINE[place + 1 :]) is None


def test_a_text_that_is_not_clean_is_a_text_still() -> None:
    """Or a repair would cut a log that an older daemon wrote by other rules."""
    parsed = record.parse(LINE + b"\x1b[2J\x7f")
    assert parsed is not None
    assert parsed.text == "hello, world\x1b[2J\x7f"


def test_clean_takes_away_what_drives_a_terminal() -> None:
    controls = {*range(0x20), *range(0x7F, 0xA0)} - {0x09}
    bidi = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
    text = "".join(chr(code) for code in range(0x3000))
    left = {ord(letter) for letter in record.clean(text)}
    assert set(range(0x3000)) - left == controls | bidi


def test_clean_may_leave_nothing() -> None:
    assert record.clean("\x1b\x07\u202e") == ""


def test_an_escape_sequence_becomes_harmless_text() -> None:
    assert record.clean("\x1b[2J\x1b]0;root\x07hi") == "[2J]0;roothi"


@pytest.mark.parametrize(
    ("seconds", "stamp"),
    [
        (0.0, "1970-01-01T00:00:00.000000Z"),
        (951782400.5, "2000-02-29T00:00:00.500000Z"),
        (1795384381.999999, "2026-11-22T21:53:01.999999Z"),
    ],
)
def test_a_stamp_is_utc_and_of_fixed_width(seconds: float, stamp: str) -> None:
    assert record.stamp(seconds)[:24] == stamp[:24]  # a float has no more digits than that
    assert len(record.stamp(seconds)) == 27


@pytest.mark.parametrize("name", ["a", "0", "a.b_c-d", "x" * 32])
def test_names(name: str) -> None:
    assert record.NAME.match(name)


@pytest.mark.parametrize(
    "name", ["", "A", ".a", "-a", "_a", "a b", "a\n", "é", "*", "a/b", "x" * 33]
)
def test_what_is_no_name(name: str) -> None:
    assert not record.NAME.match(name)
