"""The screen in a terminal, with the server's side played line by line."""

import os
import re
import signal
from pathlib import Path

import pytest

from lab.kit.terminal.emulator import Emulator
from lab.kit.terminal.scripted import Peer, ScriptedRoom
from papayad.formats import record

PASTE = "\x1b[200~{}\x1b[201~"


def opened(room: ScriptedRoom, terminal: Emulator, online: str = "alice bob") -> Peer:
    peer = room.greeted()
    assert peer.line() == b"WHO"
    peer.notice("online", online)
    terminal.sees(f"here: {online}")
    return peer


def test_shows_what_is_said_and_sends_what_is_typed(room: ScriptedRoom) -> None:
    room.commit("hello", sender="bob")
    room.commit("join carol", sender="*")
    room.commit("part carol", sender="*")
    with Emulator() as terminal:
        peer = opened(room, terminal)
        assert peer.hello.presence
        terminal.sees("Sunday, 22 November 2026", "bob │ hello", "carol came and left")
        terminal.enter("hi 你好 cafe\u0301")
        terminal.sees("> hi 你 好  café".replace("你 好 ", "你好"))
        terminal.enter("\r")
        terminal.sees("··:··      alice │ hi 你好 café")
        message = peer.message()
        peer.accept(message)
        terminal.sees("21:53      alice │ hi 你好 café")
        terminal.enter("one\x1b\rtwo\r")
        assert peer.message().text == "one\u2028two".encode()
        terminal.enter("\x04")
        assert terminal.wait() == 0


def test_wide_characters_do_not_break_the_rows(room: ScriptedRoom) -> None:
    text = "你好" * 60 + " e\u0301 👨\u200d👩\u200d👧 ❤\ufe0f 👍\U0001f3fd end"
    room.commit(text)
    with Emulator(columns=40, rows=20) as terminal:
        opened(room, terminal)
        terminal.sees("end")
        shown = "".join(terminal.rows()).replace(" ", "")
        assert shown.count("你好") >= 58
        assert "👨👩👧❤👍end" in shown


def test_opens_offline_with_what_it_has(room: ScriptedRoom) -> None:
    room.commit("kept")
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.sees("kept")
        room.stop_listening()
        peer.cut()
        terminal.sees("reconnecting")
    with Emulator() as terminal:
        terminal.sees("kept", "reconnecting")
        terminal.enter("waits\r")
        terminal.sees("waits", "1 waiting")


def test_resumes_where_the_copy_ends(room: ScriptedRoom, home: Path) -> None:
    room.commit("one")
    with Emulator() as terminal:
        opened(room, terminal)
        terminal.sees("one")
        assert terminal.kill() == -signal.SIGKILL
    (copy,) = (home / "data" / "papaya" / "main").glob("*.log")
    copy.write_bytes(copy.read_bytes() + b"2026-11-22T21:53:01.123456Z bob - tor")
    room.commit("two")
    with Emulator() as terminal:
        peer = opened(room, terminal)
        assert peer.hello.since == len(room.log.splitlines(keepends=True)[0])
        terminal.sees("one", "two")
        terminal.sees("\u2500 new \u2500")  # the line above the first unread
    assert copy.read_bytes() == room.log


def test_pending_messages_survive_a_kill(room: ScriptedRoom) -> None:
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.enter("seen by the server\rnot seen\r")
        seen, unseen = peer.message(), peer.message()
        terminal.sees("··:··      alice │ not seen")
        room.commit("seen by the server", seen.id, "alice")
        terminal.kill()
    with Emulator() as terminal:
        again = room.accept()
        assert again.hello.session == peer.hello.session
        terminal.sees("··:··      alice │ not seen")
        again.greet()
        assert again.line() == b"WHO"
        assert again.message() == unseen
        again.accept(unseen)
        terminal.sees("21:53      alice │ not seen", "21:53      alice │ seen by the server")
        terminal.until(lambda: "··:··" not in terminal.text())
    assert room.count("not seen") == room.count("seen by the server") == 1


def test_what_the_copy_has_is_not_sent_again(room: ScriptedRoom, home: Path) -> None:
    """Killed between the copy's write and the outbox's note that it is done."""
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.enter("once\r")
        message = peer.message()
        (outbox,) = (home / "state" / "papaya" / "outbox").iterdir()
        before = outbox.read_bytes()
        peer.accept(message)
        terminal.sees("21:53      alice │ once")
        terminal.kill()
    outbox.write_bytes(before)
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.sees("alice │ once")
        terminal.enter("another\r")
        assert peer.message().text == b"another"


def test_a_paste_of_many_lines_asks(room: ScriptedRoom) -> None:
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.enter(PASTE.format("\r".join(f"row {number}" for number in range(30))))
        terminal.sees("Paste 30 lines?")
        terminal.enter("n")
        terminal.sees_no("Paste 30 lines?")
        terminal.enter(PASTE.format("a\rb\x1b]0;x\x07c") + "\r")
        assert peer.message().text.decode() == "a\u2028b]0;xc"
        terminal.enter(PASTE.format("\r".join(f"row {number}" for number in range(30))))
        terminal.sees("Paste 30 lines?")
        terminal.enter("y\r")
        assert peer.message().text.decode().split("\u2028") == [f"row {n}" for n in range(30)]


def test_a_long_paste_is_several_messages(room: ScriptedRoom) -> None:
    with Emulator() as terminal:
        peer = opened(room, terminal)
        lines = [f"{number} " + "x" * 1500 for number in range(15)]
        terminal.enter(PASTE.format("\r".join(lines)) + "\r")
        got: list[str] = []
        while len(got) < len(lines):
            message = peer.message()
            assert len(message.text) < 8192
            got += message.text.decode().split("\u2028")
        assert got == lines


def test_scrolling_does_not_jump(room: ScriptedRoom) -> None:
    for number in range(200):
        room.commit(f"number {number:03d}")
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.sees("number 199")
        terminal.enter("\x1b[5~\x1b[5~")
        terminal.sees("scrolled up", "number 140")
        shown = terminal.rows()[:-2]
        for number in range(50):
            peer.send(room.commit(f"later {number}"))
        terminal.sees("50 new")
        assert terminal.rows()[:-2] == shown
        terminal.enter("\x1b[<64;5;5M")  # the wheel, up
        terminal.until(lambda: terminal.rows()[3:-2] == shown[:-3])
        terminal.enter("\x1b[<65;5;5M")
        terminal.until(lambda: terminal.rows()[:-2] == shown)
        terminal.enter("\x1b>")
        terminal.sees("later 49")


def test_scrolling_back_fetches_more(room: ScriptedRoom) -> None:
    for number in range(3000):
        room.commit(f"number {number:04d}")
    with Emulator() as terminal:
        peer = room.accept()
        assert peer.hello.last == 1000
        peer.greet()
        terminal.sees("number 2999")
        terminal.enter("\x1b<")
        older = room.accept()
        assert (older.hello.last, older.hello.presence) == (2000, False)
        terminal.sees("Sunday")
        older.greet()
        terminal.sees_no("Sunday")  # the line of the day is further up now
        terminal.enter("\x1b[5~")
        terminal.sees("number 1999", "number 1990")


def test_a_resize(room: ScriptedRoom) -> None:
    room.commit("word " * 40)
    with Emulator() as terminal:
        opened(room, terminal)
        terminal.sees("word word")
        terminal.resize(40, 20)
        os.kill(terminal.pid, signal.SIGWINCH)
        terminal.until(lambda: re.search(r"^21:53 bob word", terminal.text(), re.MULTILINE))
        assert all(len(row) <= 40 for row in terminal.rows())
        terminal.enter("typed")
        terminal.sees("> typed")


def test_search_and_grep(room: ScriptedRoom) -> None:
    for number in range(300):
        room.commit(f"rsync {number}" if number in (20, 150) else f"noise {number}")
    with Emulator() as terminal:
        opened(room, terminal)
        terminal.enter("/search rsync\r")
        terminal.sees("rsync 150")
        terminal.enter("\x10")  # Ctrl-P
        terminal.sees("rsync 20", "2 of 2")
        terminal.enter("\x0e")  # Ctrl-N
        terminal.sees("rsync 150", "1 of 2")
        terminal.enter("/grep /RSYNC [0-9]+/\r")
        terminal.until(lambda: "noise" not in terminal.text())
        terminal.sees("rsync 20", "rsync 150", "only '/RSYNC [0-9]+/': 2")
        terminal.enter("\x1b")
        terminal.sees("noise 299")


def test_commands_and_completion(room: ScriptedRoom) -> None:
    with Emulator() as terminal:
        peer = opened(room, terminal, "alice bob bobby")
        peer.send(room.commit("hello", sender="bobby"))
        terminal.sees("bobby │ hello")
        terminal.enter("bo\t")
        terminal.sees("> bobby:")
        terminal.enter("\t")
        terminal.until(lambda: terminal.typed() == "alice> bob:")
        terminal.enter("\x03/wh\t\r")
        assert peer.line() == b"WHO"
        peer.notice("online", "alice carol")
        terminal.sees("2 here: alice, carol")
        terminal.enter("/me waves\r")
        assert peer.message().text == b"/me waves"
        terminal.sees("* │ alice waves")
        terminal.enter("/qiut\r")
        terminal.sees("did you mean /quit?")
        terminal.enter("//slash\r")
        assert peer.message().text == b"/slash"
        terminal.sees("alice │ /slash")
        terminal.enter("\x1b[A\x1b[A")
        terminal.sees("> /qiut")
        terminal.enter("\x03/quit\r")
        assert terminal.wait() == 0


def test_a_mention_rings_once_and_a_message_never_does(room: ScriptedRoom) -> None:
    room.commit("alice: this is history")
    with Emulator(environment={"TERM": "foot"}) as terminal:
        peer = opened(room, terminal)
        peer.send(room.commit("nothing\x07\x07 for al"))
        peer.send(room.commit("Alice, look;\x1b]0;x\x07 here"))
        terminal.sees("look;")
        assert terminal.screen.bells == 1
        assert "\x1b]777;notify;main: bob;Alice, look,␛]0,x␇ here\x1b\\".encode() in terminal.raw
        terminal.enter("/set bell off\r")
        terminal.sees("bell = off")
        peer.send(room.commit("alice again"))
        terminal.sees("alice again")
        assert terminal.screen.bells == 1


def test_refused_for_good_stays_readable(room: ScriptedRoom) -> None:
    with Emulator() as terminal:
        room.accept().refuse("auth")
        terminal.sees("offline", "ask the admin for a new")
        terminal.enter("/reconnect\r")
        room.accept().greet()
        terminal.sees_no("offline")


def test_who_left_may_be_here_still_and_is_asked_for_with_the_next_key(room: ScriptedRoom) -> None:
    with Emulator() as terminal:
        peer = opened(room, terminal, "alice bob carol")
        peer.send(room.commit("part bob", sender="*") + room.commit("part carol", sender="*"))
        terminal.sees("1 here: alice")
        terminal.enter("x")
        assert peer.line() == b"WHO"
        peer.notice("online", "alice bob")
        terminal.sees("2 here: alice bob")


def test_no_color(room: ScriptedRoom) -> None:
    room.commit("alice: hello")
    with Emulator(environment={"NO_COLOR": "1"}) as terminal:
        opened(room, terminal)
        terminal.sees("hello")
        assert re.search(rb"\x1b\[[0-9;]*(?:3[0-7]|9[0-7]|38;)[0-9;]*m", terminal.raw) is None


def test_joins_fold_and_an_unread_line_stands(room: ScriptedRoom) -> None:
    for number in range(40):
        room.commit(f"{'part' if number % 2 else 'join'} carol", sender="*")
        room.commit(f"{'part' if number % 2 else 'join'} dave", sender="*")
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.sees("carol, dave came and left")
        terminal.enter("\x1b[O")  # the terminal lost the focus
        terminal.enter("x")
        terminal.sees("> x")
        peer.send(room.commit("while away"))
        terminal.sees("while away", "─ new ─", "1 new")
        terminal.enter("\x1b[I")
        terminal.sees_no("1 new")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP])
def test_gives_the_terminal_back(room: ScriptedRoom, signum: int) -> None:
    with Emulator() as terminal:
        opened(room, terminal)
        assert terminal.kill(signum) == 0
        for mode in (b"?1049", b"?2004", b"?1004"):
            assert terminal.raw.rfind(b"\x1b[" + mode + b"l") > terminal.raw.rfind(
                b"\x1b[" + mode + b"h"
            )


def test_a_disk_that_takes_nothing_does_not_end_it(room: ScriptedRoom, home: Path) -> None:
    """The copy and the outbox go on in memory, which is said."""
    for name in ("data", "state"):
        (home / name).write_text("in the way")
    room.commit("hello")
    with Emulator() as terminal:
        peer = opened(room, terminal)
        terminal.sees(
            "bob │ hello", "Not a directory; going on"
        )  # how long its line is the path says
        terminal.enter("and back\r")
        peer.accept(peer.message())
        terminal.sees("21:53      alice │ and back")
        terminal.enter("/search hello\r")
        terminal.sees("1 of 1")
        terminal.enter("\x1b/quit\r")
        assert terminal.wait() == 0
    assert list(Path(os.environ["XDG_RUNTIME_DIR"]).iterdir()) == []


def test_a_cleared_screen_comes_back(room: ScriptedRoom) -> None:
    for number in range(50):
        room.commit(f"number {number}")
    with Emulator() as terminal:
        opened(room, terminal)
        terminal.enter("/clear\r")
        terminal.sees_no("number")
        terminal.enter("\x1b[5~")
        terminal.sees("number 29")


def test_a_terminal_that_is_gone_ends_it_and_keeps_what_waits(
    room: ScriptedRoom, home: Path
) -> None:
    with Emulator() as terminal:
        peer = opened(room, terminal)
        peer.send(room.commit("hello"))
        terminal.sees("hello")
        terminal.enter("waits\r")
        message = peer.message()
        terminal.sees("waits")
        terminal.hang_up()
    (kept,) = (home / "state" / "papaya" / "outbox").iterdir()
    assert message.id in kept.read_text()
    assert (home / "data" / "papaya" / "main" / "seen").exists()


def test_plain_lines_on_a_terminal_when_asked(room: ScriptedRoom) -> None:
    room.commit("hello")
    with Emulator("--plain") as terminal:
        room.greeted()
        terminal.sees("21:53 <bob> hello")
        assert b"\x1b" not in terminal.raw


def test_ten_thousand_lines(room: ScriptedRoom) -> None:
    with Emulator() as terminal:
        peer = opened(room, terminal)
        when = record.stamp(1_800_000_000)
        for batch in range(100):
            lines = [
                record.render(when, "bob", "-", f"line {batch * 100 + number} and some words")
                for number in range(100)
            ]
            room.log += b"".join(lines)
            peer.send(b"".join(lines))
            terminal.enter("x")
        terminal.sees("line 9999", "x" * 70)
