"""papayachat against a real papayad, whose clusters are killed under it."""

import hashlib
import os
import random
import signal
import ssl
from contextlib import suppress
from pathlib import Path

from lab.kit.machine import memory
from lab.kit.room import Room, wait_for
from papayachat.disk import profile as profiles
from papayad.formats.invite import Invite
from tests.conftest import MakeRoom
from tests.papayachat.conftest import Chat, Program

FAST = {"messages_per_second": 2000.0, "message_burst": 5}
LINES = 200


def join(room: Room, plain: bool = True) -> None:
    pin = ""
    if not plain:
        der = ssl.PEM_cert_to_DER_cert((room.directory / "cert.pem").read_text())
        pin = hashlib.sha256(der).hexdigest()
    invite = Invite("alice", room.token("alice"), "127.0.0.1", room.port, "main", pin)
    profiles.save(profiles.make(invite, "main", plain))


def texts(room: Room) -> list[str]:
    lines = [line.decode().split(" ", 3) for line in room.log().splitlines()]
    return [text for _, sender, _, text in lines if sender == "alice"]


def wait_until_said(room: Room, count: int) -> None:
    wait_for(lambda: len(texts(room)) >= count)


def wait_for_cluster_or_end(room: Room, program: Program) -> None:
    wait_for(lambda: room.entries() or program.process.poll() is not None)


def kill_one_of_each(room: Room, dice: random.Random) -> None:
    """Of each cluster one process; the other ends with it."""
    for entry in room.entries():
        with suppress(ProcessLookupError):
            os.kill(dice.choice([entry.recv, entry.send]), signal.SIGKILL)


def test_a_message_over_tls(chat: Chat, make_room: MakeRoom) -> None:
    room = make_room("required")
    join(room, plain=False)
    assert chat("send", "hello, world").code() == 0
    program = chat("tail")
    assert program.code() == 0
    assert program.out.endswith(" hello, world\n")
    assert program.out.encode() == room.log()


def test_a_token_is_in_the_profile_alone(chat: Chat, make_room: MakeRoom, home: Path) -> None:
    room = make_room("required")
    join(room, plain=False)
    tail, lines = chat("tail", "-f", "-n", "0"), chat(stdin=-1)
    lines.enter("hello\n")
    wait_until_said(room, 1)
    assert chat("send", "and more").code() == 0
    wait_for(lambda: len(room.entries()) == 2)
    pids = [program.process.pid for program in (tail, lines)]
    profile = profiles.path_of("main")
    token = room.token("alice").encode()
    assert memory.found(home, pids, [token], own=[profile]) == []
    assert memory.found(home, [], [token]) == [str(profile)]
    assert profile.stat().st_mode & 0o777 == 0o600


def test_each_line_once_while_its_clusters_are_killed(chat: Chat, make_room: MakeRoom) -> None:
    room = make_room(limits=FAST)
    join(room)
    tail = chat("tail", "-f", "-n", "0")
    wait_for(lambda: len(room.entries()) == 1)
    program = chat(stdin=-1)
    dice = random.Random(7)
    for kill in range(4):
        program.enter("".join(f"line {kill} {number}\n" for number in range(LINES // 4)))
        wait_until_said(room, kill * LINES // 4 + dice.randrange(LINES // 4))
        kill_one_of_each(room, dice)
    program.end_input()
    assert program.code() == 0
    wanted = [f"line {kill} {number}" for kill in range(4) for number in range(LINES // 4)]
    assert texts(room) == wanted
    seen = [tail.read_line() for _ in range(len(room.log().splitlines()))]
    assert ("\n".join(seen) + "\n").encode() == room.log()


def test_a_send_whose_cluster_is_killed(chat: Chat, make_room: MakeRoom) -> None:
    room = make_room(limits=FAST)
    join(room)
    for number in range(5):
        program = chat("send", f"message {number}")
        wait_for_cluster_or_end(room, program)
        kill_one_of_each(room, random.Random(number))
        assert program.code() == 0
    assert texts(room) == [f"message {number}" for number in range(5)]
