"""What is printed: harmless on a terminal, whatever the log has."""

import unicodedata

from papayachat.stream.splitter import Line
from papayachat.stream.terminal import plain, spoken
from papayad.formats import record

# Controls, directions, what has no width, what ends a line: none of it may reach a terminal raw.
HOSTILE = "\x1b]52;c;AAAA\x07\x9b2J\x7f\u202e\u2066\u200b\u200e\u2060\ufeff\u2029"


def shown(text: str) -> list[str]:
    raw = f"2026-11-22T21:53:01.123456Z alice - {text}\n".encode()
    return [plain(Line(0, raw)), spoken(Line(0, raw))]


def test_nothing_that_is_not_seen_is_printed() -> None:
    for text in (*shown(f"a{HOSTILE}z"), *shown(f"\0{HOSTILE}")):
        odd = [char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp")]
        assert odd == []


def test_a_line_break_is_one_for_people_and_none_for_programs() -> None:
    program, person = shown("one\u2028two")
    assert program.endswith(" alice - one\u2028two")
    assert person == "21:53 <alice> one\n      two"


def test_a_line_of_the_log_stays_one_line() -> None:
    raw = record.render("2026-11-22T21:53:01.123456Z", "alice", "-", "one\u2028two\x85")
    assert plain(Line(0, raw)) == "2026-11-22T21:53:01.123456Z alice - one\u2028two<85>"


def test_an_impossible_time_is_no_error() -> None:
    raw = record.render("2026-13-45T21:53:01.123456Z", "alice", "-", "hello")
    assert spoken(Line(0, raw)) == "--:-- <alice> hello"
