"""What comes from outside: nothing of it drives, turns, breaks or hides on a terminal."""

import sys
import unicodedata

import pytest

from papayad.formats.harmless import harmless

PLAIN = (
    "hello, world",
    "Grüße aus Köln, 12 €",
    "a\ttab",
    "日本語",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with its joiner
    "👩\u200d💻 ❤\ufe0f\u200d🔥",  # families of emoji
    "e\u0301",
)
HOSTILE = (
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1b[2J",
    "\x9b2J",
    "\x7f",
    "one\ntwo",
    "one\rtwo",
    "one\u2028two\u2029three\x85four",
    "\u202egnp.exe",
    "\u2066\u2069",
    "pay\u200bpal",
    "a\u200db",
    "\u200d\u200d",
    "\ufeff",
    "\u00ad",
    "\u3164",
    "\U000e0041",
    "\udcff",
)


@pytest.mark.parametrize("text", PLAIN)
def test_what_people_write_stays(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_hostile_is_seen(text: str) -> None:
    shown = harmless(text)
    assert shown != text
    assert shown.isprintable()


def test_of_every_character_of_these_kinds_nothing_is_left() -> None:
    """But for TAB and the joiners, which stay where letters need them."""
    for code in range(sys.maxunicode + 1):
        char = chr(code)
        if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") and char != "\t":
            assert char not in harmless(f"日{char}本"), hex(code)
        if unicodedata.bidirectional(char) in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
        ):
            assert char not in harmless(char), hex(code)
