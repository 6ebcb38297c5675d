"""The plain line mode: each line typed stands once in the log, whatever happens in between."""

import signal
from pathlib import Path

from lab.kit.terminal.scripted import ScriptedRoom
from papayachat.disk import profile as profiles
from papayad.errors import FAILED, UNAVAILABLE
from tests.papayachat.conftest import Chat


def test_prints_what_is_said(chat: Chat, room: ScriptedRoom) -> None:
    room.commit("hello\u2028again", sender="bob")
    room.commit("join carol", sender="*")
    room.commit("part carol", sender="*")
    room.commit("notice down at noon\x07", sender="*")
    room.log += b"no record \x1b[2J\n"
    program = chat(stdin=-1)
    peer = room.greeted()
    assert peer.hello.presence
    assert peer.hello.session == profiles.load(None).session
    assert [program.read_line() for _ in range(6)] == [
        "21:53 <bob> hello",
        "      again",
        "21:53 * carol joined",
        "21:53 * carol left",
        "21:53 * notice down at noon\u2407",
        "no record \u241b[2J",
    ]
    program.enter("/who\n")
    assert peer.line() == b"WHO"
    peer.notice("online", "alice bob")
    assert program.read_line() == "      * online: alice bob"
    program.enter("/quit\n")
    assert program.code() == 0


def test_sends_each_line_and_waits_at_the_end(chat: Chat, room: ScriptedRoom, outbox: Path) -> None:
    program = chat(stdin=-1)
    peer = room.greeted()
    program.enter("one\n\ntwo\r\nthree without an end")
    program.end_input()
    messages = [peer.message() for _ in range(3)]
    assert [message.text for message in messages] == [b"one", b"two", b"three without an end"]
    assert len({message.id for message in messages}) == 3
    for message in messages:
        assert program.process.poll() is None
        peer.accept(message)
    assert program.code() == 0
    assert program.out == "".join(
        f"21:53 <alice> {text}\n" for text in ("one", "two", "three without an end")
    )
    assert list(outbox.iterdir()) == []


def test_many_lines_through_a_pipe_and_many_cuts(chat: Chat, room: ScriptedRoom) -> None:
    """With each connection some are lost, and some are committed that nobody was told of."""
    program = chat(stdin=-1)
    program.enter("".join(f"line {number}\n" for number in range(300)))
    program.end_input()
    peer = room.greeted()
    for _ in range(3):
        for _ in range(20):
            peer.accept(peer.message())
        for _ in range(6):
            unseen = peer.message()
            room.commit(unseen.text.decode(), unseen.id, "alice")
        for _ in range(6):
            peer.message()
        peer.cut()
        peer = room.greeted()
    while len(room.log.splitlines()) < 300:
        peer.accept(peer.message())
    assert program.code() == 0
    assert [line.split(b" ", 3)[3] for line in room.log.splitlines()] == [
        f"line {number}".encode() for number in range(300)
    ]
    assert program.out.count("\n") == 300


def test_says_that_it_reconnects_and_keeps_what_is_typed(chat: Chat, room: ScriptedRoom) -> None:
    program = chat(stdin=-1)
    peer = room.greeted()
    assert program.complaint() == "papayachat: in main as alice"
    peer.cut()
    assert "reconnecting in " in program.complaint()
    program.enter("typed meanwhile\n")
    again = room.greeted()
    assert again.hello.session == peer.hello.session
    again.accept(again.message())
    assert program.read_line().endswith("typed meanwhile")


def test_an_error_for_a_line_is_shown(chat: Chat, room: ScriptedRoom) -> None:
    program = chat(stdin=-1)
    peer = room.greeted()
    program.complaint()
    program.enter("too long\n")
    peer.notice("error", f"too-long {peer.message().id} 8192")
    assert program.complaint() == "papayachat: not sent (too-long 8192): too long"
    program.end_input()
    assert program.code() == FAILED


def test_storage_is_tried_again(chat: Chat, room: ScriptedRoom) -> None:
    program = chat(stdin=-1)
    peer = room.greeted()
    program.enter("hello\n")
    program.end_input()
    message = peer.message()
    peer.notice("error", f"storage {message.id}")
    assert peer.message() == message
    peer.accept(message)
    assert program.code() == 0


def test_what_was_interrupted_is_delivered_the_next_time(
    chat: Chat, room: ScriptedRoom, outbox: Path
) -> None:
    program = chat(stdin=-1)
    peer = room.greeted()
    program.enter("one\ntwo\n")
    one, two = peer.message(), peer.message()
    room.commit("one", one.id, "alice")
    program.process.send_signal(signal.SIGINT)
    assert program.code() == 130
    assert "2 not yet in the log" in program.err
    program = chat()
    peer = room.greeted()
    assert peer.hello.since == 0
    assert peer.message() == two
    peer.accept(two)
    assert program.code() == 0
    assert (room.count("one"), room.count("two")) == (1, 1)
    assert list(outbox.iterdir()) == []


def test_a_second_one_is_a_device_of_its_own(chat: Chat, room: ScriptedRoom) -> None:
    chat(stdin=-1)
    first = room.greeted()
    chat(stdin=-1)
    assert room.greeted().hello.session != first.hello.session


def test_delivers_what_a_killed_send_left(chat: Chat, room: ScriptedRoom) -> None:
    killed = chat("send", "from the dead")
    message = room.greeted().message()
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait()
    program = chat(stdin=-1)
    peer = room.greeted()
    assert peer.message() == message
    peer.accept(message)
    assert "delivered: from the dead" in program.complaint()
    room.greeted()


def test_takes_a_file(chat: Chat, room: ScriptedRoom, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"one\nnot \xff utf-8\ntwo\n")
    with path.open("rb") as file:
        program = chat(stdin=file.fileno())
    peer = room.greeted()
    for text in (b"one", b"two"):
        message = peer.message()
        assert message.text == text
        peer.accept(message)
    assert program.code() == FAILED
    assert "not UTF-8" in program.err


def test_nobody_there(chat: Chat, room: ScriptedRoom) -> None:
    room.stop_listening()
    program = chat()
    assert program.code() == UNAVAILABLE
    assert program.err.count("\n") == 1
