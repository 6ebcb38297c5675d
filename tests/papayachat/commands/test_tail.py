"""tail: no record lost, none twice, and nothing printed that could drive a terminal."""

import json
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from lab.kit import CHECKOUT
from lab.kit.terminal.emulator import Emulator
from lab.kit.terminal.scripted import LOG, ScriptedRoom
from papayachat.disk import replica
from papayachat.disk.replica import Replica
from papayachat.stream.cursor import Cursor
from papayad.errors import NO_PERMISSION, UNAVAILABLE, USAGE
from papayad.formats import record
from tests.papayachat.conftest import Chat


def test_prints_to_the_end_and_ends(chat: Chat, room: ScriptedRoom) -> None:
    room.commit("one")
    room.commit("two")
    committed = room.log
    program = chat("tail")
    peer = room.accept()
    assert peer.hello.presence is False
    assert (peer.hello.last, peer.hello.since) == (None, None)
    peer.greet(extra=b"! online alice bob\n")
    peer.send(room.commit("said after we asked"))
    assert program.code() == 0
    assert program.out.encode() == committed


def test_an_empty_log(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("tail")
    room.greeted()
    assert (program.code(), program.out) == (0, "")


def test_the_last_ones(chat: Chat, room: ScriptedRoom) -> None:
    for number in range(5):
        room.commit(f"number {number}")
    program = chat("tail", "-n", "2")
    assert room.greeted().hello.last == 2
    assert program.code() == 0
    assert [line[-1] for line in program.out.splitlines()] == ["3", "4"]


def test_json(chat: Chat, room: ScriptedRoom) -> None:
    room.base = 1000
    first = room.commit("caf\u00e9\u2028\ttea", "k3x9", "alice")
    room.log += b"no record \x1b[2J\n"
    last = room.commit("join bob", "-", "*")
    program = chat("tail", "--json")
    room.greeted()
    assert program.code() == 0
    one, two = (json.loads(line) for line in program.out.splitlines())
    assert one == {
        "offset": 1000,
        "time": "2026-11-22T21:53:01.123456Z",
        "sender": "alice",
        "id": "k3x9",
        "text": "caf\u00e9\u2028\ttea",
    }
    assert two["offset"] == 1000 + len(room.log) - len(last)
    assert program.out.isascii() and "\x1b" not in program.out
    assert f"no record at offset {1000 + len(first)}" in program.err and "\x1b" not in program.err


def test_an_offset_learns_the_identity_first(chat: Chat, room: ScriptedRoom) -> None:
    start = len(room.commit("one"))
    room.commit("two")
    program = chat("tail", "--offset", str(start))
    assert room.greeted().hello.last == 0
    peer = room.greeted()
    assert (peer.hello.since, peer.hello.log) == (start, room.identity)
    assert program.code() == 0
    assert program.out.endswith("two\n") and "one" not in program.out


def said_at(clock: str, text: str) -> bytes:
    return record.render(f"2026-11-22T{clock}:00.000000Z", "bob", "-", text)


def test_since_a_time_asks_for_more_until_it_is_old_enough(chat: Chat, room: ScriptedRoom) -> None:
    for number in range(150):
        room.log += said_at(f"{number // 60:02d}:{number % 60:02d}", f"number {number}")
    program = chat("tail", "--since", "2026-11-22T00:20:00Z")
    for lines in (100, 1000):
        peer = room.greeted()
        assert peer.hello.last == lines
    peer = room.greeted()
    assert (peer.hello.since, peer.hello.last) == (0, None)
    assert program.code() == 0
    assert [line.split()[-1] for line in program.out.splitlines()] == [
        str(number) for number in range(20, 150)
    ]


def test_since_a_time_in_an_empty_log(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("tail", "--since", "2h")
    room.greeted()
    room.greeted()
    assert (program.code(), program.out) == (0, "")


def test_on_a_terminal_it_is_for_people(room: ScriptedRoom) -> None:
    room.commit("one\u2028two \u200b zero", "k3x9")
    room.commit("join carol", sender="*")
    with Emulator("tail") as terminal:
        room.greeted()
        assert terminal.wait() == 0
        assert [row for row in terminal.rows() if row] == [
            "2026-11-22",
            "21:53 <bob> one",
            "      two <200B> zero",
            "21:53 * carol joined",
        ]


@pytest.mark.parametrize("words", [("tail",), ("--plain",), ()])
def test_a_terminal_without_the_characters(room: ScriptedRoom, words: tuple[str, ...]) -> None:
    """Latin-9, an emoji and what else it has not: each is something, and nothing ends."""
    room.commit("caf\u00e9 \U0001f600 \u4f60 \u2028 end")
    old = {"LC_ALL": "POSIX", "PYTHONIOENCODING": "iso-8859-15", "PYTHONUTF8": "0"}
    with Emulator(*words, environment=old | {"PYTHONCOERCECLOCALE": "0"}) as terminal:
        room.greeted()
        terminal.sees("end")
        if words != ("tail",):
            terminal.enter("\U0001f600\x15/quit\r")
        assert terminal.wait() == 0
        assert b"Traceback" not in terminal.raw
        terminal.raw.decode("iso-8859-15")


def test_a_full_stdout_is_one_line(room: ScriptedRoom) -> None:
    room.commit("one")
    with open("/dev/full", "w") as full:
        process = subprocess.Popen(
            [sys.executable, "-m", "papayachat", "tail"],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=CHECKOUT,
            text=True,
        )
        room.greeted()
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (1, "papayachat: stdout: No space left on device\n")


@pytest.mark.parametrize("words", [("profiles",), ("--help",), ("--version",), ("log",)])
def test_a_full_stdout_is_one_line_for_each_command(
    room: ScriptedRoom, words: tuple[str, ...]
) -> None:
    copy = Replica(replica.directory("main"))
    copy.keep(Cursor(LOG, 0), room.commit("one"))
    command = [sys.executable, "-m", "papayachat", *words]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, cwd=CHECKOUT, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (1, "papayachat: stdout: No space left on device\n")


def test_a_gap_is_told(chat: Chat, room: ScriptedRoom) -> None:
    room.base = 500
    room.commit("what is left")
    program = chat("tail", "--offset", "0")
    room.greeted()
    room.accept().greet(extra=b"! gap 500\n")
    assert program.code() == 0
    assert "gap" in program.err and "500" in program.err
    assert program.out.endswith("what is left\n")


def test_follows_across_cuts_without_loss_or_repetition(chat: Chat, room: ScriptedRoom) -> None:
    room.commit("zero")
    program = chat("tail", "-f")
    peer = room.greeted()
    for number in range(3):
        line = room.commit(f"number {number} " + "x" * 50)
        peer.send(line + room.commit("half of this one comes")[: 20 * number])
        peer.cut()
        peer = room.greeted()
        assert peer.hello.session and peer.hello.log == room.identity
    peer.send(room.commit("last"))
    seen = ""
    while not seen.endswith("last\n"):
        seen += program.read_line() + "\n"
    assert seen.encode() == room.log
    program.process.send_signal(signal.SIGINT)
    assert program.code() == 130


def test_reconnects_after_a_refusal_that_may_pass(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("tail", "-f")
    room.greeted().cut()
    assert "reconnecting in" in program.complaint()
    room.accept().refuse("busy")
    assert "busy" in program.complaint()
    room.greeted().send(room.commit("here again"))
    assert program.read_line().endswith("here again")


def test_a_final_refusal_ends_it(chat: Chat, room: ScriptedRoom) -> None:
    program = chat("tail", "-f")
    room.greeted().cut()
    room.accept().refuse("banned")
    assert program.code() == NO_PERMISSION


def test_ends_with_its_reader_and_quietly(chat: Chat, room: ScriptedRoom) -> None:
    room.commit("one")
    program = chat("tail", "-f")
    peer = room.greeted()
    assert program.read_line().endswith("one")
    assert program.process.stdout is not None
    program.process.stdout.close()
    assert peer.left()  # without another record
    assert program.process.wait(20) == 0
    assert program.process.stderr is not None
    assert program.process.stderr.read() == ""


def test_a_closed_pipe_is_no_error(chat: Chat, room: ScriptedRoom) -> None:
    for _ in range(2000):
        room.commit("x" * 500)
    program = chat("tail")
    peer = room.accept()
    assert program.process.stdout is not None
    program.process.stdout.close()
    with suppress(OSError):
        peer.greet()
    assert program.process.wait(20) == 0
    assert program.process.stderr is not None
    assert program.process.stderr.read() == ""


def test_what_is_printed_is_safe_to_look_at(chat: Chat, room: ScriptedRoom) -> None:
    room.commit("a\x1b]0;title\x07b\u202ec\x9b31m\x7f")
    room.log += b"\xff\x1b no record\n"
    program = chat("tail")
    room.greeted()
    assert program.code() == 0
    assert all(line.isprintable() for line in program.out.splitlines())
    assert "\u241b]0;title\u2407b<202E>c" in program.out


def test_usage(chat: Chat, room: ScriptedRoom) -> None:
    assert chat("tail", "-n", "1", "--offset", "0").code() == USAGE
    assert chat("tail", "--since", "1h", "--offset", "0").code() == USAGE
    program = chat("tail", "--since", "12345")
    assert program.code() == USAGE
    assert "times are 2h" in program.err
    room.stop_listening()
    assert chat("tail", "-f").code() == UNAVAILABLE


def test_an_idle_tail_is_not_woken(chat: Chat, room: ScriptedRoom) -> None:
    """Its context switches stay what they were while its connection is quiet."""
    program = chat("tail", "-f")
    peer = room.greeted()
    peer.send(room.commit("one"))
    program.read_line()
    before = _asleep(program.process)
    with pytest.raises(subprocess.TimeoutExpired):
        program.process.wait(1.0)
    assert _asleep(program.process) == before


def _asleep(process: subprocess.Popen[str]) -> list[str]:
    """Its context switches, once it sleeps."""
    while True:
        with open(f"/proc/{process.pid}/status") as status:
            lines = status.read().splitlines()
        if any(line.startswith("State:\tS") for line in lines):
            return [line for line in lines if "ctxt_switches" in line]
