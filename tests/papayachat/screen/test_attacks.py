"""What somebody else writes changes the text on the screen and nothing else of the terminal."""

import re
import unicodedata

import pytest

from lab.kit.terminal.emulator import Emulator
from lab.kit.terminal.scripted import ScriptedRoom
from papayachat.chat.glyphs import glyphs, safe, width
from papayachat.chat.links import target
from papayad.formats import record
from tests.papayachat.screen.test_screen import opened

ATTACKS = [
    "\x1b]52;c;ZXZpbA==\x07",  # the clipboard
    "\x1b]8;;https://evil.example\x1b\\https://bank.example\x1b]8;;\x1b\\",  # a link that lies
    "\x1b]0;title\x07\x1b]2;title\x1b\\",
    "\x1b[2J\x1b[H\x1b[3Jgone",
    "\x1b[31mred\x1b[7m\x1b[5m",
    "\x1b[1;1Hat the top\x1b[999;999H\x1b[10A\x1b[10D",
    "\x1b[?1049l\x1b[?25l\x1b[?1000h\x1b[?2004l",
    "\x1b[6n\x1b[c\x1b[>c\x1b]10;?\x07\x1b[18t",  # the terminal answers as if somebody typed
    '\x1bP$q"p\x1b\\\x1bPq#0;2;0;0;0~~\x1b\\',  # DCS: a question, and a picture
    "\x1b_Gf=24,s=1,v=1;AAAA\x1b\\\x1b^private\x1b\\\x1bXstring\x1b\\",
    "\x9b31m\x9d0;title\x9c\x90q\x9c\x85\x84\x8d",  # C1
    "\x1bc\x1b(0lqqk\x1b)0\x0e\x0f\x1b#8\x1b7\x1b8\x1bM",  # reset, line drawing, alignment
    "a\rb\x08\x08c\x0bd\x0ce\x7ff\x00g",
    "\x07\x07\x07",
    "user\u202egnp.exe\u202c \u2066x\u2069 \u200fy\u061c \u200ez",
    "pay\u200bpal pay\u200cpal pay\u200dpal \ufeff\u2060\u00ad\u034f\u180e\u3164\uffa0\u115f",
    "\U000e0041\U000e0042 \ufff9a\ufffab\ufffb \ue000 \ufdd0 \U0010ffff",
    "Z" + "\u0335\u0489\u030d\u0311" * 30 + "algo",
    "\u0301 begins with a mark",
    "\u2800\u2800\u00a0\u2003wide spaces\u1680",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_glyph_drives_a_terminal(attack: str) -> None:
    shown = safe(attack)
    assert not [char for char in shown if unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs")]
    assert not [char for char in shown if unicodedata.bidirectional(char) in ("RLO", "LRO", "RLE")]
    assert all(glyph.width > 0 and len(glyph.text) <= 10 for glyph in glyphs(attack))


def test_every_character_is_harmless() -> None:
    """Each one alone, between letters, and after a mark."""
    for code in (*range(0x3000), *range(0xA000, 0x20000), *range(0xE0000, 0xE0200)):
        char = chr(code)
        if code in range(0x20, 0x7F) or unicodedata.category(char) in ("Co", "Cs", "Cn"):
            continue
        for text in (char, f"a{char}b"):
            shown = safe(text)
            for each in shown:
                assert unicodedata.category(each) not in ("Cc", "Cf", "Zl", "Zp"), hex(code)


def test_what_people_write_stays() -> None:
    for text in (
        "caf\u00e9 stra\u00dfe",
        "\u4f60\u597d",
        "\u0645\u06cc\u200c\u062e\u0648",
        "x\u0301",
    ):
        assert safe(text) == unicodedata.normalize("NFC", text)
    assert width("\u4f60\u597d") == 4
    assert safe("\u2764\ufe0f \U0001f44d\U0001f3fd \U0001f468\u200d\U0001f469") == (
        "\u2764 \U0001f44d \U0001f468\U0001f469"
    )
    assert safe("a\tb") == "a       b"


def test_what_is_hidden_is_seen() -> None:
    assert safe("pay\u200bpal") == "pay<200B>pal"
    assert safe("\u202eexe") == "<202E>exe"
    assert safe("\x1b[2J") == "\u241b[2J"


def test_a_link_leads_to_what_is_seen_and_nowhere_else() -> None:
    for attack in ("\x1b\\\x1b]0;x\x07", "\u202e", "\x9c", "\u0430", "\U000e0041"):
        address = target(f"https://a.example/{attack}")
        assert address.isascii() and address.isprintable() and " " not in address


def test_the_terminal_stays_as_it_was(room: ScriptedRoom) -> None:
    """From a person, from a server that filters nothing, in notices and in what is no record."""
    for attack in ATTACKS:
        room.log += f"{record.stamp(1_800_000_000)} bob - {attack} end\n".encode()
        room.log += f"{attack} no record\n".encode()
    room.commit("notice \x1b[31mred\x07", sender="*")
    with Emulator(columns=100, rows=200) as terminal:
        peer = opened(room, terminal)
        for attack in ATTACKS:
            peer.notice("error", f"x {attack}")
        peer.notice("online", f"alice \x1b[31mbob \u202eevil {'x' * 99}")
        peer.send(room.commit("the last line"))
        terminal.sees("the last line", "1 here: alice")
        screen = terminal.screen
        assert (screen.title, screen.icon_name) == ("main", "")
        assert screen.bells == 0 and screen.answers == []
        assert terminal.rows()[-1] == "alice>"
        assert screen.cursor.y == 199
        for row, shown in enumerate(terminal.rows()[:-2]):
            assert re.match(
                r"(?:(?:\d\d:\d\d|--:--|     ) .{14} \u2502|\u2500\u2500\u2500 |$)", shown
            ), shown
            cells = [screen.buffer[row][column] for column in range(100)]
            assert not any(getattr(cell, "blink", False) for cell in cells)  # pyte 0.8.0 has none
        body = terminal.raw[terminal.raw.index(b"wide spaces") - 20000 :]
        for sequence in (b"\x1b]", b"\x1bP", b"\x1b_", b"\x1b^", b"\x9b3", b"\x1bc", b"\x07"):
            own = body.replace(b"\x1b]777", b"").replace(b"\x1b]8;", b"")
            assert sequence not in own


def test_a_link_is_what_it_says(room: ScriptedRoom) -> None:
    room.commit("see https://b\u0430nk.example/ and https://bank.example/")
    with Emulator() as terminal:
        opened(room, terminal)
        terminal.sees("bank.example")
        row = terminal.row_of("bank.example")
        cells = [terminal.screen.buffer[row][column] for column in range(80)]
        (false,) = [cell for cell in cells if cell.data == "\u0430"]
        assert false.reverse and false.fg == "red"
        assert not any(cell.reverse for cell in cells if cell.data == "k")
