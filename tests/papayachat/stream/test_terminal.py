"""What is printed: every character that could drive a terminal is made visible."""

import unicodedata

from papayachat.stream.splitter import Line
from papayachat.stream.terminal import plain, spoken, visible
from papayad.formats import record


def test_no_control_character_survives() -> None:
    controls = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cc"]
    shown = visible("".join(controls))
    assert [char for char in shown if unicodedata.category(char) == "Cc"] == ["\t"]


def test_direction_cannot_be_overridden() -> None:
    bidi = [char for char in map(chr, range(0x3000)) if unicodedata.bidirectional(char) in DRIVERS]
    assert len(bidi) == 9
    assert visible("".join(bidi)) == "\ufffd" * 9


DRIVERS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_what_people_write_stays() -> None:
    text = "caf\u00e9 \u4f60\u597d \u0645\u06cc\u200c\u062e\u0648 \U0001f468\u200d\U0001f469"
    assert visible(text) == text


def test_a_line_of_the_log_stays_one_line() -> None:
    raw = record.render("2026-11-22T21:53:01.123456Z", "alice", "-", "one\u2028two\x85")
    assert plain(Line(0, raw)) == "2026-11-22T21:53:01.123456Z alice - one\u2028two\ufffd"


def test_an_impossible_time_is_no_error() -> None:
    raw = record.render("2026-13-45T21:53:01.123456Z", "alice", "-", "hello")
    assert spoken(Line(0, raw)) == "--:-- <alice> hello"
