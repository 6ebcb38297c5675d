"""What is looked at: unread messages, links, plain text, what is found and what is not here yet."""

import base64
import time
from pathlib import Path

from lab.kit.room import wait_for
from lab.kit.terminal.emulator import Emulator
from lab.kit.terminal.scripted import ScriptedRoom
from papayachat.disk.replica import Replica, directory
from papayachat.screen.slash import table
from papayachat.stream.cursor import Cursor
from papayad.formats import record
from tests.papayachat.screen.test_screen import opened


def test_unread_stays_until_it_was_in_sight_and_over_a_restart(room: ScriptedRoom) -> None:
    for number in range(30):
        room.commit(f"old {number}")
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.sees("old 29")
        terminal.enter("\x1b[O")
        for number in range(91):
            peer.send(room.commit("alice: here" if number in (5, 7) else f"new {number}"))
        terminal.sees("91 new, 2 for you")
        terminal.until(lambda: terminal.screen.title == "main (91)")
        terminal.enter("\x1b[I\x1b[5~")
        terminal.sees("scrolled up", "91 new, 2 for you")
        terminal.enter("\x1b/quit\r")
        assert terminal.wait() == 0
    with Emulator() as terminal:
        opened(room, terminal)
        terminal.sees("91 new, 2 for you")
        terminal.enter("\x1bu")
        terminal.sees("\u2500 new \u2500", "new 0")
        terminal.sees_no("for you")
        for _ in range(8):
            terminal.enter("\x1b[6~")
        terminal.sees_no("Alt-U")
        terminal.until(lambda: terminal.screen.title == "main")


def test_a_name_in_a_link_is_no_mention(room: ScriptedRoom) -> None:
    with Emulator() as terminal:
        peer = opened(room, terminal)
        peer.send(room.commit("see https://example.org/alice/x and www.alice.example"))
        terminal.sees("www.alice.example")
        assert terminal.screen.bells == 0
        peer.send(room.commit("alice, see https://example.org/"))
        terminal.sees("alice, see")
        assert terminal.screen.bells == 1


def test_what_was_not_sent_is_there_the_next_time(room: ScriptedRoom) -> None:
    with Emulator() as terminal:
        opened(room, terminal)
        terminal.enter("half a thought")
        terminal.sees("half a thought")
        terminal.hang_up()
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.sees("alice> half a thought")
        terminal.enter(" is whole\r")
        assert peer.message().text == b"half a thought is whole"
        terminal.sees("1 waiting")
        terminal.kill()
    with Emulator() as terminal:
        room.greeted()
        terminal.sees("half a thought is whole")
        assert terminal.typed() == "alice>"


def test_a_link_is_one_over_wrapped_lines(room: ScriptedRoom) -> None:
    link = "https://example.org/" + "x" * 100
    room.commit(f"see {link}. and www.example.org/\u00e4)")
    with Emulator(columns=70) as terminal:
        opened(room, terminal)
        terminal.sees("and www")
        begin = f"\x1b]8;id=0;{link}\x1b\\".encode()
        pieces = terminal.raw.split(begin)[1:]
        assert len(pieces) == 3  # rows
        shown = b"".join(piece.partition(b"\x1b]8;;\x1b\\")[0] for piece in pieces)
        assert shown.decode() == link
        assert b";https://www.example.org/%C3%A4\x1b\\" in terminal.raw
        terminal.enter("/set links off\r")
        terminal.sees("links = off")
        start = len(terminal.raw)
        terminal.enter("\x0c")
        terminal.until(lambda: link[-30:].encode() in terminal.raw[start:])
        assert b"\x1b]8;" not in terminal.raw[start:]


def test_links_are_listed_copied_and_opened(room: ScriptedRoom, home: Path) -> None:
    browser = home / "browser"
    browser.write_text('#!/bin/sh\nprintf %s "$1" >"$0.opened"\n')
    browser.chmod(0o755)
    room.commit("old https://one.example/ and (https://two.example/a_(b))!")
    with Emulator(environment={"BROWSER": str(browser)}) as terminal:
        opened(room, terminal)
        terminal.enter("/url\r")
        terminal.sees("1 https://two.example/a_(b)", "2 https://one.example/")
        terminal.enter("/url copy\r")
        terminal.sees("copied")
        copied = base64.b64encode(b"https://two.example/a_(b)")
        assert b"\x1b]52;c;" + copied + b"\x07" in terminal.raw
        terminal.enter("/url open 2\r")
        terminal.enter("/url 7\r")
        terminal.sees("there is no link 7")
        seen = home / "browser.opened"
        wait_for(lambda: seen.exists() and seen.read_text() == "https://one.example/")


def test_bare_text_has_no_columns(room: ScriptedRoom) -> None:
    room.commit("one two " * 20 + "end\u2028    indented")
    with Emulator(columns=70) as terminal:
        peer = opened(room, terminal)
        terminal.enter("\x1bOQ")  # F2
        terminal.sees("Enter goes back", "21:53 <bob> one two", "          indented")
        text = "\n".join(terminal.rows())
        assert "\u2502" not in text
        peer.send(room.commit("meanwhile"))
        terminal.enter("\r")
        terminal.sees("2 here", "bob \u2502 meanwhile")
        terminal.enter("\x1bOQ")
        terminal.sees("Enter goes back")
        terminal.enter("\x03")  # Ctrl-C, as Enter
        terminal.sees("2 here", "bob \u2502 meanwhile")
        terminal.enter("alive\r")
        assert peer.message().text == b"alive"


def test_a_search_fetches_what_is_not_here(room: ScriptedRoom) -> None:
    for number in range(4000):
        room.commit("the needle" if number == 500 else f"number {number:04d}")
    with Emulator() as terminal:
        room.accept().greet()
        terminal.sees("number 3999")
        terminal.enter("/search needle\r")
        older = room.accept()
        assert older.hello.last == 2000
        terminal.sees("fetching older messages")
        older.greet()
        last = room.accept()
        assert last.hello.last == 4000
        last.greet()
        terminal.sees("the needle", "1 of 1")
        terminal.enter("\x10")
        terminal.sees("nothing older has needle; the whole room is here")


def test_a_filtered_view_says_how_far_it_reaches_and_fetches_more(room: ScriptedRoom) -> None:
    for number in range(3000):
        room.commit(f"needle {number:04d}" if number % 500 == 0 else f"number {number:04d}")
    with Emulator(columns=100) as terminal:
        room.accept().greet()
        terminal.sees("number 2999")
        terminal.enter("/grep needle\r")
        terminal.sees("only 'needle': 2, here since 2026-11-22 (PgUp fetches)", "needle 2000")
        terminal.enter("\x1b[5~")
        room.accept().greet()
        terminal.sees("only 'needle': 4,", "needle 1000")
        terminal.enter("\x1b[5~")
        room.accept().greet()
        terminal.sees("only 'needle': 6, Esc", "needle 0000")


def test_a_search_says_how_far_it_got_without_a_connection(room: ScriptedRoom) -> None:
    Replica(directory("main")).keep(Cursor(room.identity, 1000), room.commit("here"))
    room.stop_listening()
    with Emulator() as terminal:
        terminal.sees("here", "reconnecting")
        terminal.enter("/search nowhere\r")
        terminal.sees("nothing has nowhere; here are the messages since 2026-11-22")
        terminal.enter("/goto 2026-01-01\r")
        terminal.sees("here are the messages since 2026-11-22: this is the first")
        terminal.enter("/clear\r\x1b[5~")
        terminal.sees("the copy begins here, the room has older messages")


def test_goto_fetches_back_to_a_day(room: ScriptedRoom) -> None:
    for day in range(1, 29):
        for number in range(100):
            when = f"2026-11-{day:02d}T12:{number // 60:02d}:{number % 60:02d}.000000Z"
            room.log += record.render(when, "bob", "-", f"day {day} number {number}")
    with Emulator() as terminal:
        room.accept().greet()
        terminal.sees("day 28 number 99")
        terminal.enter("/goto 2026-11-15\r")
        room.accept().greet()
        terminal.sees("day 15 number 0")
        assert "Sunday, 15 November 2026" in terminal.text()


def test_nothing_that_is_looked_for_stops_the_screen(room: ScriptedRoom) -> None:
    """An expression that never ends on one message, be it here or yet to come."""
    evil = "a" * 40 + "!"
    room.commit("quiet")
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.enter(r"/grep /(\w+\s*)+;/" + "\r")
        terminal.sees("only '/(")
        peer.send(room.commit(evil))
        terminal.enter("typed")
        terminal.sees("alice> typed")
        terminal.sees("takes too long: given up")
        terminal.enter("\r")
        assert peer.message().text == b"typed"


def test_no_match_is_said_and_the_current_one_is_marked(room: ScriptedRoom) -> None:
    for number in range(3):
        room.commit(f"papaya {number}")
    with Emulator() as terminal:
        opened(room, terminal)
        terminal.enter("/search papaya\r")
        terminal.sees("1 of 3")
        terminal.until(lambda: marked(terminal) == ["papaya 2"])
        terminal.enter("\x10")
        terminal.until(lambda: marked(terminal) == ["papaya 1"])
        terminal.enter("/search mango\r")
        terminal.sees("nothing has mango")


def marked(terminal: Emulator) -> list[str]:
    """The rows that have something underlined and reverse: what a search has reached."""
    buffer = terminal.screen.buffer
    return [
        row.partition("\u2502 ")[2]
        for number, row in enumerate(terminal.rows())
        if any(cell.reverse and cell.underscore for cell in buffer[number].values())
    ]


def test_reply_and_export(room: ScriptedRoom, home: Path) -> None:
    room.commit("first", sender="carol")
    room.commit("second\u2028line", sender="bob")
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.enter("/reply 2 yes\r")
        assert peer.message().text.decode() == "> carol: first\u2028yes"
        terminal.enter("/reply\rno\r")
        assert peer.message().text.decode() == "> bob: second line\u2028no"
        terminal.enter("/reply 9\r")
        terminal.sees("there is no such message")
        terminal.enter(f"/export {home}/room.txt\r")
        terminal.sees("2 messages in")
        assert (home / "room.txt").read_text() == (
            "2026-11-22 21:53 <carol> first\n2026-11-22 21:53 <bob> second\n      line\n"
        )
        terminal.enter(f"/export {home}/room.txt\r")
        terminal.sees("File exists")


def test_nobody_is_not_ignored(room: ScriptedRoom) -> None:
    room.commit("hello", sender="carol")
    with Emulator() as terminal:
        opened(room, terminal)
        terminal.enter("/ignore crol\r")
        terminal.sees("nobody of that name")
        terminal.enter("/ignore carol\r")
        terminal.sees("ignore = carol")
        terminal.sees_no("hello")


def test_the_countdown_counts(room: ScriptedRoom) -> None:
    with Emulator() as terminal:
        peer = opened(room, terminal)
        room.stop_listening()
        peer.cut()
        seen: list[int] = []

        def counted() -> bool:
            words = terminal.text().partition("reconnecting in ")[2].split()
            if words and (not seen or seen[-1] != int(words[0])):
                seen.append(int(words[0]))
            return any(
                a - b == 1 and b - c == 1 for a, b, c in zip(seen, seen[1:], seen[2:], strict=False)
            )

        terminal.until(counted)


def test_help_fits_a_small_terminal(room: ScriptedRoom) -> None:
    for columns in (80, 100):
        with Emulator(columns=columns, rows=24) as terminal:
            opened(room, terminal)
            terminal.sees("/help")
            terminal.enter("/help\r")
            terminal.sees("Enter sends", "papayachat(1) everything")
            terminal.enter("/quit\r")
            terminal.wait()


def test_help_names_everything() -> None:
    for name in table.COMMANDS:
        assert f"/{name}" in table.HELP, name
    assert max(map(len, table.HELP.splitlines())) <= 80 - 20


def test_quiet_hours_and_rules_for_one_room(room: ScriptedRoom) -> None:
    with Emulator() as terminal:
        peer = opened(room, terminal)
        hour = time.gmtime().tm_hour
        terminal.enter(f"/set quiet {(hour - 1) % 24}:00-{(hour + 2) % 24}:00\r")
        terminal.sees("quiet = ")
        peer.send(room.commit("alice: sleep well"))
        terminal.sees("sleep well")
        assert terminal.screen.bells == 0
        terminal.enter('/set quiet@main ""\r')
        terminal.sees("quiet@main")
        peer.send(room.commit("alice: awake?"))
        terminal.sees("awake?")
        assert terminal.screen.bells == 1
        terminal.enter("/set quiet@main soon\r")
        terminal.sees("hours like 22:00-07:00")
