"""Bots and pipes: what goes in comes out, once, and nothing hears itself."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from lab.kit.terminal.scripted import ScriptedRoom
from papayachat.disk import profile
from papayachat.script import child
from papayad.errors import FAILED, UNAVAILABLE, USAGE
from tests.papayachat.conftest import Chat

ECHO = (
    "import json, sys\n"
    "for line in sys.stdin:\n"
    "    said = json.loads(line)\n"
    "    print('heard', said['sender'], said['text'], flush=True)\n"
    "    if said['text'] == 'die': sys.exit(3)\n"
)


def test_a_bot_hears_others_and_answers(chat: Chat, room: ScriptedRoom) -> None:
    room.commit("before it came")
    program = chat("bot", "--", sys.executable, "-c", ECHO)
    peer = room.greeted()
    assert peer.hello.last == 0 and peer.hello.presence
    peer.send(room.commit("hello"))
    answer = peer.message()
    assert answer.text == b"heard bob hello"
    peer.accept(answer)
    peer.send(room.commit("join carol", sender="*"))
    second = peer.message()
    assert second.text == b"heard * join carol"
    peer.accept(second)
    program.process.send_signal(signal.SIGTERM)
    assert program.code() == 130


def test_a_bot_that_ends_is_started_again_and_misses_nothing(
    chat: Chat, room: ScriptedRoom
) -> None:
    program = chat("bot", "--", sys.executable, "-c", ECHO)
    peer = room.greeted()
    for text in ("die", "one", "die", "two"):
        peer.send(room.commit(text))
        answer = peer.message()
        assert answer.text == f"heard bob {text}".encode()
        peer.accept(answer)
        if text == "die":
            assert "the bot ended with 3" in program.complaint()


def test_a_child_that_does_not_read_is_given_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_ENDS_WITHIN", 0.05)
    process = child.Child(["/bin/sh", "-c", "exec sleep 1000"])
    process.start_if_due()
    given = 0
    while not process.is_full:
        process.give("x" * 500)
        given += 1
    assert given <= child.LINES_UNREAD + (1 << 20) // 500
    assert process.stdin is not None
    assert process.stop() == -signal.SIGTERM


def test_no_such_command(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("bot", "/nonexistent/bot")
    room.greeted()
    assert program.code() == UNAVAILABLE
    assert program.err.count("\n") == 1
    assert chat("bot").code() == USAGE


def test_lines_from_a_pipe(chat: Chat, room: ScriptedRoom, outbox: Path) -> None:
    program = chat("send", "--lines", stdin=-1)
    program.enter("one\n\ntwo\nthree")
    peer = room.greeted()
    assert not peer.hello.presence
    one, two = peer.message(), peer.message()
    peer.accept(one)
    room.commit("two", two.id, "alice")
    peer.cut()
    peer = room.greeted()
    program.end_input()
    three = peer.message()
    assert three.text == b"three"
    peer.accept(three)
    assert program.code() == 0
    assert list(outbox.iterdir()) == []
    assert [line.split(b" ", 3)[3] for line in room.log.splitlines()] == [b"one", b"two", b"three"]


def test_a_line_that_is_refused(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("send", "--lines", stdin=-1)
    program.enter("long\n")
    peer = room.greeted()
    peer.notice("error", f"too-long {peer.message().id} 8192")
    program.end_input()
    assert program.code() == FAILED
    assert "not sent (too-long 8192): long" in program.err
    assert chat("send", "--lines", "text").code() == USAGE


def test_profiles(chat: Chat, room: ScriptedRoom) -> None:
    one = profile.load("main")
    profile.save(profile.Profile("other", one.invite, one.session, one.plain))
    os.chmod(profile.path_of("main"), 0o644)
    program = chat("profiles")
    assert program.code() == 0
    assert program.out == f"* other  {one.identity}\n"
    assert "others can read your token" in program.err


def test_what_a_bot_reads_is_what_tail_prints(chat: Chat, room: ScriptedRoom, home: Path) -> None:
    heard = home / "heard"
    program = chat("bot", "--", "/bin/sh", "-c", f"head -n 1 > {heard}; echo done")
    peer = room.greeted()
    line = room.commit("caf\u00e9\x1b[2J", "k3x9")
    peer.send(line)
    peer.accept(peer.message())
    assert json.loads(heard.read_text()) == {
        "offset": 0,
        "time": "2026-11-22T21:53:01.123456Z",
        "sender": "bob",
        "id": "k3x9",
        "text": "caf\u00e9\x1b[2J",
    }
    program.process.send_signal(signal.SIGINT)
    assert program.code() == 130
