"""Two screens in a real room whose daemon and clusters are killed under them."""

import os
import re
import signal
from contextlib import suppress
from pathlib import Path

from lab.kit.room import Room, wait_for
from lab.kit.terminal.emulator import Emulator
from papayachat.disk import profile as profiles
from papayad.formats.invite import Invite
from tests.conftest import MakeRoom

FAST = {"messages_per_second": 2000.0, "message_burst": 1000}


def screen(room: Room, name: str, home: Path) -> Emulator:
    """A screen of somebody whose files are below a directory of their own."""
    places = {f"XDG_{kind}_HOME": str(home / name / kind) for kind in ("CONFIG", "DATA", "STATE")}
    os.environ["XDG_CONFIG_HOME"] = places["XDG_CONFIG_HOME"]
    invite = Invite(name, room.token(name), "127.0.0.1", room.port, "main")
    profiles.save(profiles.make(invite, "main", plain=True))
    return Emulator(environment=places)


def cut(room: Room) -> None:
    """End every cluster, as `kill -9` would."""
    for entry in room.entries():
        with suppress(ProcessLookupError):
            os.kill(entry.recv, signal.SIGKILL)
    wait_for(lambda: not room.entries())


def copies(home: Path, name: str) -> bytes:
    return b"".join(
        path.read_bytes() for path in sorted((home / name).glob("DATA/papaya/main/*.log"))
    )


def test_a_conversation_over_restarts(make_room: MakeRoom, home: Path) -> None:
    room = make_room(limits=FAST)
    with screen(room, "alice", home) as alice, screen(room, "bob", home) as bob:
        alice.sees("2 here: alice bob")
        bob.sees("2 here: alice bob")
        alice.enter("hello bob\r")
        bob.sees("alice │ hello bob")
        room.stop_acceptor()
        cut(room)
        alice.sees("reconnecting")
        bob.sees("reconnecting")
        alice.enter("typed while it is down\r")
        bob.enter("me too\r")
        alice.sees("1 waiting", "typed while it is down")
        bob.sees("1 waiting")
        assert alice.kill() == -signal.SIGKILL
        room.start()
        bob.enter("/reconnect\r")
        bob.sees("bob │ me too", "here: bob")
        bob.until(lambda: "waiting" not in bob.text())
        with screen(room, "alice", home) as again:
            again.sees("alice │ typed while it is down", "bob │ me too", "2 here: alice bob")
            bob.sees("alice │ typed while it is down")
            again.sees_no("··:··")
            bob.sees_no("··:··")
            again.enter("/quit\r")
            assert again.wait() == 0
            bob.sees("alice left")
            log = room.log()
            assert copies(home, "alice") == log[: len(copies(home, "alice"))]
            wait_for(lambda: copies(home, "bob") == log)
    texts = [line.decode().split(" ", 3)[3] for line in room.log().splitlines()]
    for text in ("hello bob", "typed while it is down", "me too"):
        assert texts.count(text) == 1


def test_two_of_the_same_profile_share_one_copy(make_room: MakeRoom, home: Path) -> None:
    room = make_room(limits=FAST)
    with screen(room, "alice", home) as one, screen(room, "alice", home) as two:
        for each in (one, two):
            each.sees("1 here: alice")
        for number in range(50):
            (one, two)[number % 2].enter(f"number {number}\r")
        for each in (one, two):
            each.sees("number 49")
            each.sees_no("··:··")
        wait_for(lambda: copies(home, "alice") == room.log())
        cut(room)
        for each in (one, two):
            each.sees("1 here: alice")
            each.enter("after\r")
        wait_for(lambda: room.log().count(b" after\n") == 2)
        wait_for(lambda: copies(home, "alice") == room.log())


def test_an_idle_screen_is_not_woken(make_room: MakeRoom, home: Path) -> None:
    """Its context switches stay what they were while nobody types and nothing is said."""
    room = make_room(limits=FAST)
    with screen(room, "alice", home) as alice:
        alice.sees("1 here: alice")
        alice.enter("hello\r")
        alice.until(lambda: re.search(r"\d\d:\d\d      alice │ hello", alice.text()))
        wait_for(lambda: is_quiet(alice.pid))


def is_quiet(pid: int) -> bool:
    """Whether it sleeps for a second."""
    before = asleep(pid)
    with suppress(AssertionError):
        wait_for(lambda: asleep(pid) != before, 1.0)
    return asleep(pid) == before


def asleep(pid: int) -> list[str]:
    """The context switches of all its threads, once they sleep."""
    while True:
        states = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status")]
        if all("State:\tS" in state for state in states):
            return [line for state in states for line in state.splitlines() if "ctxt" in line]


def test_who_left_with_one_of_two_screens_is_here(make_room: MakeRoom, home: Path) -> None:
    room = make_room(limits=FAST)
    with (
        screen(room, "alice", home) as one,
        screen(room, "bob", home) as bob,
        screen(room, "alice", home) as two,
    ):
        for each in (one, two, bob):
            each.sees("2 here: alice bob")
        two.enter("/quit\r")
        assert two.wait() == 0
        wait_for(lambda: len(room.entries()) == 2)
        for each in (one, bob):
            each.enter("x")  # who left may have another device: with the next key that is asked
            each.sees("alice", "left")
            each.sees("2 here: alice bob")
        cut(room)
        for each in (one, bob):
            each.sees("2 here: alice bob")
