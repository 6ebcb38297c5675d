"""send: exactly once, whatever is cut in between, and an exit code for each way to fail."""

import json
import signal
import time
from pathlib import Path

import pytest

from lab.kit.terminal.scripted import ScriptedRoom
from papayad.errors import FAILED, NO_PERMISSION, TRY_AGAIN, UNAVAILABLE
from papayad.formats.record import LINE_BREAK
from tests.papayachat.conftest import Chat


def left_in(outbox: Path) -> list[Path]:
    return list(outbox.iterdir()) if outbox.exists() else []


def test_sends_and_waits_for_the_record(chat: Chat, room: ScriptedRoom, outbox: Path) -> None:
    room.commit("before")
    program = chat("send", "hello,", "world")
    peer = room.greeted()
    assert (peer.hello.presence, peer.hello.last) == (False, 0)
    message = peer.message()
    assert message.text == b"hello, world"
    assert len(message.id) == 16
    peer.send(room.commit("somebody else"))
    assert program.process.poll() is None
    peer.accept(message)
    assert program.code() == 0
    assert (program.out, program.err) == ("", "")
    assert left_in(outbox) == []


def test_id_and_cursor_are_on_disk_before_it_sends(
    chat: Chat, room: ScriptedRoom, outbox: Path
) -> None:
    room.commit("before")
    chat("send", "hello")
    peer = room.greeted()
    message = peer.message()
    assert peer.hello.session
    notes = [json.loads(line) for line in (outbox / peer.hello.session).read_text().splitlines()]
    assert {"id": message.id, "text": "hello"} in notes
    place = {"log": room.identity, "offset": room.end, "check": ""}
    assert {"sent": [message.id], **place} in notes
    assert (outbox / peer.hello.session).stat().st_mode & 0o777 == 0o600


def test_cut_before_the_commit_sends_again(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("send", "hello")
    first = room.greeted()
    message = first.message()
    first.cut()
    room.commit("meanwhile")
    second = room.greeted()
    assert second.hello.session == first.hello.session
    assert (second.hello.since, second.hello.log) == (0, room.identity)
    again = second.message()
    assert again == message
    second.accept(again)
    assert program.code() == 0
    assert room.count("hello") == 1


def test_cut_after_the_commit_does_not_send_again(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("send", "hello")
    first = room.greeted()
    message = first.message()
    room.commit("hello", message.id, "alice")
    first.cut()
    second = room.greeted()
    assert second.left()
    assert program.code() == 0
    assert room.count("hello") == 1


def test_nothing_is_sent_again_before_the_end_was_read(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("send", "hello")
    first = room.greeted()
    message = first.message()
    first.cut()
    second = room.accept()
    before = room.commit("long ago" * 50)
    greeting = (
        f"+ PAPAYA/1 name=alice room=main log={room.identity} offset=0 "
        f"end={len(before) + 100} max=8192\n"
    )
    second.send(greeting.encode() + before)
    own = room.commit("hello", message.id, "alice")
    second.send(own[:40])
    second.send(own[40:] + room.commit("x" * 200))
    assert second.left()
    assert program.code() == 0


def test_a_cut_inside_of_its_record(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("send", "hello")
    first = room.greeted()
    message = first.message()
    first.send(room.commit("hello", message.id, "alice")[:-3])
    first.cut()
    second = room.greeted()
    assert second.hello.since == 0
    assert second.left()
    assert program.code() == 0


def test_a_killed_send_is_delivered_by_the_next(
    chat: Chat, room: ScriptedRoom, outbox: Path
) -> None:
    killed = chat("send", "from the dead")
    first = room.greeted()
    message = first.message()
    killed.process.send_signal(signal.SIGKILL)
    assert first.left()
    program = chat("send", "hello")
    old = room.greeted()
    assert old.hello.session == first.hello.session
    assert old.hello.since == 0
    assert old.message() == message
    old.accept(message)
    new = room.greeted()
    assert new.hello.session != first.hello.session
    new.accept(new.message())
    assert program.code() == 0
    assert "delivered: from the dead" in program.err
    assert (room.count("from the dead"), room.count("hello")) == (1, 1)
    assert left_in(outbox) == []


def test_a_killed_send_that_had_arrived_is_not_sent_again(
    chat: Chat, room: ScriptedRoom, outbox: Path
) -> None:
    killed = chat("send", "from the dead")
    first = room.greeted()
    message = first.message()
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait()
    room.commit("from the dead", message.id, "alice")
    program = chat("send", "hello")
    assert room.greeted().left()
    new = room.greeted()
    new.accept(new.message())
    assert program.code() == 0
    assert room.count("from the dead") == 1
    assert left_in(outbox) == []


def test_two_at_once_leave_each_other_alone(chat: Chat, room: ScriptedRoom) -> None:
    one = chat("send", "one")
    first = room.greeted()
    message = first.message()
    two = chat("send", "two")
    second = room.greeted()
    assert second.hello.session != first.hello.session
    second.accept(second.message())
    assert two.code() == 0
    first.accept(message)
    assert one.code() == 0


def test_trying_again_after_a_timeout_says_it_once(
    chat: Chat, room: ScriptedRoom, outbox: Path
) -> None:
    late = chat("send", "--timeout", "1", "hello")
    first = room.greeted()
    message = first.message()
    assert late.code() == TRY_AGAIN
    assert late.err.count("\n") == 1
    room.commit("hello", message.id, "alice")
    other = chat("send", "something else")
    peer = room.greeted()
    assert peer.hello.session != first.hello.session
    peer.accept(peer.message())
    assert other.code() == 0
    again = chat("send", "hello")
    peer = room.greeted()
    assert peer.hello.session == first.hello.session
    assert peer.left()
    assert again.code() == 0
    assert room.count("hello") == 1
    assert left_in(outbox) == []


def test_storage_is_tried_again_until_the_timeout(
    chat: Chat, room: ScriptedRoom, outbox: Path
) -> None:
    program = chat("send", "--timeout", "3", "hello")
    peer = room.greeted()
    for _ in range(2):
        peer.notice("error", f"storage {peer.message().id} no space")
    assert program.code() == TRY_AGAIN
    assert "store" in program.err
    assert left_in(outbox) == []


@pytest.mark.parametrize("why", ["too-long ID 8192", "encoding ID", "empty ID"])
def test_a_final_error_is_one_line(chat: Chat, room: ScriptedRoom, outbox: Path, why: str) -> None:
    program = chat("send", "hello")
    peer = room.greeted()
    peer.notice("error", why.replace("ID", peer.message().id))
    assert program.code() == FAILED
    assert program.err.count("\n") == 1 and why.split()[0] in program.err
    assert left_in(outbox) == []


def test_a_gap_is_said_and_nothing_is_said_twice(
    chat: Chat, room: ScriptedRoom, outbox: Path
) -> None:
    program = chat("send", "hello")
    first = room.greeted()
    first.message()
    first.cut()
    room.identity = "f" * 32
    room.log = b""
    second = room.accept()
    second.greet(extra=b"! gap 0\n")
    assert second.left()
    assert program.code() == FAILED
    assert "not known whether it arrived" in program.err
    assert left_in(outbox) == []


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("auth", NO_PERMISSION),
        ("banned", NO_PERMISSION),
        ("full", TRY_AGAIN),
        ("frozen", TRY_AGAIN),
        ("protocol", FAILED),
    ],
)
def test_a_refusal_has_its_exit_code(
    chat: Chat, room: ScriptedRoom, outbox: Path, reason: str, code: int
) -> None:
    program = chat("send", "hello")
    room.accept().refuse(reason, "\x1b[31mbecause")
    assert program.code() == code
    assert program.err.count("\n") == 1
    assert reason in program.err and "\x1b" not in program.err
    assert left_in(outbox) == []


def test_nobody_there(chat: Chat, room: ScriptedRoom, outbox: Path) -> None:
    room.stop_listening()
    program = chat("send", "hello")
    assert program.code() == UNAVAILABLE
    assert program.err.count("\n") == 1
    assert left_in(outbox) == []


def test_a_cut_before_the_greeting_is_tried_again(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("send", "hello")
    room.accept().cut()
    peer = room.greeted()
    peer.accept(peer.message())
    assert program.code() == 0


def test_who_has_too_much_to_do_is_asked_again(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("send", "hello")
    room.accept().refuse("busy")
    peer = room.greeted()
    peer.accept(peer.message())
    assert program.code() == 0


def test_a_token_that_worked_is_given_up_when_it_is_refused_twice(
    chat: Chat, room: ScriptedRoom, outbox: Path
) -> None:
    standing = outbox.parent / "standing" / "main"
    program = chat("send", "hello")
    peer = room.greeted()
    peer.accept(peer.message())
    assert program.code() == 0
    program = chat("send", "hello")
    room.accept().refuse("auth")
    assert program.code() == TRY_AGAIN  # at once: the next try would come too late
    assert "opened it before" in program.err and program.err.count("\n") == 1
    standing.write_text(f"refused {time.time() - 61:.0f}\n")
    program = chat("send", "hello")
    room.accept().refuse("auth")
    assert program.code() == NO_PERMISSION
    assert "new invite" in program.err
    assert left_in(outbox) == []


def test_reads_stdin_and_keeps_line_breaks(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("send", stdin=-1)
    program.enter("one\ntwo\r\n\tthree\x1b[2J\n")
    program.end_input()
    peer = room.greeted()
    message = peer.message()
    assert message.text.decode() == f"one{LINE_BREAK}two{LINE_BREAK}\tthree[2J"
    peer.accept(message)
    assert program.code() == 0


def test_a_dash_is_stdin_and_words_may_begin_with_one(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("send", "-", stdin=-1)
    program.enter("hello")
    program.end_input()
    peer = room.greeted()
    message = peer.message()
    assert message.text == b"hello"
    peer.accept(message)
    assert program.code() == 0
    program = chat("send", "--", "-v", "-x")
    peer = room.greeted()
    message = peer.message()
    assert message.text == b"-v -x"
    peer.accept(message)
    assert program.code() == 0


@pytest.mark.parametrize("text", ["", "\n\n", "\x1b\x07"])
def test_nothing_to_send(chat: Chat, room: ScriptedRoom, text: str) -> None:
    program = chat("send", text)
    assert program.code() == FAILED
    assert "nothing" in program.err


def test_interrupted(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("send", "hello")
    room.greeted().message()
    program.process.send_signal(signal.SIGINT)
    assert program.code() == 130


def long_text() -> str:
    return "\n".join(f"{number} " + "x" * 1500 for number in range(12))


def test_what_is_too_long_for_one_message_is_several(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("send", stdin=-1)
    program.enter(long_text())
    program.end_input()
    peer = room.greeted()
    parts: list[str] = []
    while sum(map(len, parts)) < len(long_text()):
        message = peer.message()
        peer.accept(message)
        parts.append(message.text.decode().replace(LINE_BREAK, "\n") + "\n")
    assert "".join(parts) == long_text() + "\n" and len(parts) > 1
    assert program.code() == 0


def test_of_several_only_those_that_are_missing_are_sent_again(
    chat: Chat, room: ScriptedRoom, outbox: Path
) -> None:
    late = chat("send", "--timeout", "2", long_text())
    peer = room.greeted()
    first, second = peer.message(), peer.message()
    peer.accept(first)
    assert late.code() == TRY_AGAIN
    again = chat("send", long_text())
    peer = room.greeted()
    rest = [peer.message() for _ in range(2)]
    assert rest[0] == second
    for message in rest:
        peer.accept(message)
    assert again.code() == 0
    assert room.count(first.text.decode()) == 1
    assert left_in(outbox) == []


def test_a_complaint_does_not_repeat_the_whole_text(chat: Chat, room: ScriptedRoom) -> None:
    program = chat(stdin=-1)
    peer = room.greeted()
    program.enter("x" * 8000 + "\n")
    program.end_input()
    peer.notice("error", f"too-long {peer.message().id} 1000")
    assert program.code() == FAILED
    assert len(program.err) < 400 and "(8000 bytes)" in program.err
