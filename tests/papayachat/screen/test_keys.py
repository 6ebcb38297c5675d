"""Keys: nothing that was typed is eaten, and no race of keys sends what is a command."""

import time

import pytest
from wcwidth import wcswidth

from lab.kit.terminal.emulator import Emulator
from lab.kit.terminal.scripted import Peer, ScriptedRoom
from tests.papayachat.screen.test_screen import PASTE, opened

# Seconds between Esc and what follows it. None: in one piece, as a multiplexer hands it on.
PAUSES = [None, 0.02, 0.1, 0.5]


def type_after_escape(terminal: Emulator, text: str, pause: float | None) -> None:
    if pause is None:
        terminal.enter(f"\x1b{text}")
        return
    terminal.enter("\x1b")
    time.sleep(pause)
    terminal.enter(text)


def hears_nothing_but(peer: Peer, terminal: Emulator, text: str) -> None:
    """The next message that comes is this one: nothing was sent before it."""
    terminal.enter(f"{text}\r")
    assert peer.message().text == text.encode()


@pytest.mark.parametrize("pause", PAUSES)
def test_a_command_after_esc_is_a_command(room: ScriptedRoom, pause: float | None) -> None:
    """Whatever Esc ends: a filtered view, a search, a look back, nothing."""
    for number in range(50):
        room.commit(f"one {number}")
    with Emulator() as terminal:
        peer = opened(room, terminal)
        for keys, seen in (
            ("/grep one\r", "only 'one'"),
            ("/search one\r", "search 'one'"),
            ("\x1b[5~", "scrolled up"),
            ("", "2 here"),
        ):
            terminal.enter(keys)
            terminal.sees(seen)
            type_after_escape(terminal, "/ignore bob\r", pause)
            terminal.sees("ignore = bob")
            terminal.enter("/unignore bob\r/clear\r")
            terminal.sees_no("ignore = bob")
        hears_nothing_but(peer, terminal, "a message")


@pytest.mark.parametrize("pause", PAUSES)
def test_no_letter_is_lost_after_esc(room: ScriptedRoom, pause: float | None) -> None:
    """Those that mean something with Alt in other programs: words, case, digits, old arguments."""
    with Emulator() as terminal:
        peer = opened(room, terminal)
        for first in "bfdlctuma.123_\\#*" if pause != PAUSES[-1] else "fu.1":
            text = f"{first} and more"
            type_after_escape(terminal, f"{text}\r", pause)
            assert peer.message().text == text.encode()


def test_esc_and_enter_begin_no_message(room: ScriptedRoom) -> None:
    """Alt-Enter where nothing is typed would put the slash into the second line."""
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.enter("\x1b\r/clear\r")
        terminal.enter("   /clear\r")
        terminal.enter(PASTE.format("\r/clear") + "\r")
        hears_nothing_but(peer, terminal, "a message")


def test_alt_is_a_key_while_the_status_line_offers_it(room: ScriptedRoom) -> None:
    for number in range(60):
        room.commit(f"number {number}")
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.sees("number 59")
        terminal.enter("\x1b[O")
        for number in range(60):
            peer.send(room.commit(f"alice: new {number}" if number == 30 else f"new {number}"))
        terminal.sees("60 new, 1 for you: Alt-U Alt-M")
        terminal.enter("\x1b[I\x1bu")
        terminal.sees("\u2500 new \u2500", "new 0", "scrolled up")
        terminal.enter("\x1bm")
        terminal.sees("alice: new 30")
        terminal.sees_no("for you")
        terminal.enter("\x1b")
        terminal.sees("new 59")
        terminal.enter("/read\r")
        terminal.sees_no("Alt-U")
        terminal.enter("\x1bus too\r")
        assert peer.message().text == b"us too"


def test_an_answer_of_the_terminal_is_not_typed(room: ScriptedRoom) -> None:
    """Late, and in pieces."""
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.enter("he\x1b]11;rgb:ffff/f")
        time.sleep(0.1)
        terminal.enter("fff/ffff\x1b\\llo\r")
        assert peer.message().text == b"hello"
        terminal.enter("a\x1b]b\r")
        assert peer.message().text == b"a]b"


def test_a_character_is_deleted_as_one(room: ScriptedRoom) -> None:
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.enter("a\U0001f468\u200d\U0001f469\u200d\U0001f467b\x7f\x7fc")
        terminal.enter("\U0001f1e9\U0001f1ea\x7fd e\u0301\u0301\x7f\U0001f44d\U0001f3fd")
        terminal.enter("\x1b[D\x1b[3~!\r")  # left, delete
        assert peer.message().text == b"acd !"


def test_what_is_typed_stands_where_the_cursor_says(room: ScriptedRoom) -> None:
    """After joined emoji, flags, marks and tabulators, without drawing again."""
    typed = "\U0001f468\u200d\U0001f469 \U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd x\u0301\u0301 "
    with Emulator(columns=60) as terminal:
        opened(room, terminal)
        terminal.enter(typed)
        terminal.enter(PASTE.format("tab\tstop"))
        shown = "alice> \U0001f468\U0001f469 \u2691DE \U0001f44d x\u0301\u0301 tab"
        terminal.until(lambda: "stop" in terminal.typed())
        assert terminal.typed().replace(" ", "").startswith(shown.replace(" ", ""))
        assert terminal.screen.cursor.x == wcswidth(terminal.typed())
        terminal.enter("\x01")  # Ctrl-A
        terminal.until(lambda: terminal.screen.cursor.x == len("alice> "))


def test_lines_of_the_input_break_between_words(room: ScriptedRoom) -> None:
    with Emulator(columns=40) as terminal:
        opened(room, terminal)
        terminal.enter("nobody likes words that are broken in two parts")
        terminal.sees("alice> nobody likes words that are", "       broken in two parts")


def test_an_editor_writes_what_is_sent(room: ScriptedRoom) -> None:
    editor = 'sh -c \'printf "%s\\n" "$(cat $1)" second >$1.new; mv $1.new $1\' editor'
    with Emulator(environment={"EDITOR": editor, "VISUAL": ""}) as terminal:
        peer = opened(room, terminal)
        terminal.enter("first\x18\x05")
        terminal.sees("second")
        terminal.enter("\r")
        assert peer.message().text == "first\u2028second".encode()
