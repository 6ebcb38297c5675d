"""Several rooms on one screen: each by itself, with its own news, text and connection."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.kit.terminal.emulator import Emulator
from lab.kit.terminal.scripted import Peer, ScriptedRoom
from papayachat.disk import opened as remembered
from papayachat.disk import profile as profiles
from papayad.errors import CONFIGURATION
from papayad.formats import invite
from tests.papayachat.conftest import Chat


@pytest.fixture
def other(room: ScriptedRoom) -> Iterator[ScriptedRoom]:
    """A second room, which is not the default one."""
    with ScriptedRoom() as second:
        profiles.save(profiles.make(invite.parse(second.invite), "dev", plain=True))
        profiles.make_default(profiles.load("main"))
        yield second


def enter(room: ScriptedRoom) -> Peer:
    peer = room.greeted()
    assert peer.line() == b"WHO"
    peer.notice("online", "alice bob")
    return peer


def test_two_rooms(room: ScriptedRoom, other: ScriptedRoom) -> None:
    room.commit("seen")
    with Emulator() as terminal:
        main = enter(room)
        terminal.sees("here: alice bob")
        terminal.enter("half a line")
        terminal.enter("\x15/join dev\r")
        dev = enter(other)
        terminal.sees("1:main", "2:dev")
        dev.send(other.commit("hello, developers"))
        terminal.sees("hello, developers")
        terminal.enter("for dev\r")
        assert dev.message().text == b"for dev"
        main.send(room.commit("one") + room.commit("alice: two"))
        terminal.sees("1:main(2!)")
        terminal.enter("begun\x1ba")  # Alt-A
        terminal.sees("bob \u2502 alice: two", "\u2500 new \u2500")
        terminal.sees_no("(2!)")
        assert terminal.typed() == "alice>"
        terminal.enter("for main\r")
        assert main.message().text == b"for main"
        terminal.enter("\x1b2")
        terminal.sees("hello, developers", "alice> begun")
        dev.cut()
        terminal.sees("2:dev-")
        terminal.enter("\x1b1")
        terminal.sees("2 here: alice bob")
        terminal.enter("/rooms\r")
        terminal.sees("2 dev: alice@127.0.0.1", "offline")
        terminal.enter("/quit\r")
        assert terminal.wait() == 0


def test_what_was_open_is_open_again(room: ScriptedRoom, other: ScriptedRoom) -> None:
    remembered.save(["dev", "main", "forgotten"])
    with Emulator() as terminal:
        enter(other)
        peer = enter(room)
        terminal.sees("1:dev", "2:main", "2 here")
        terminal.enter("/part\r")
        terminal.sees_no("1:dev")
        terminal.enter("x\r")
        assert peer.message().text == b"x"
        terminal.enter("/quit\r")
        assert terminal.wait() == 0
    assert remembered.load() == ["main"]


def test_one_that_is_named_is_alone(room: ScriptedRoom, other: ScriptedRoom) -> None:
    remembered.save(["main", "dev"])
    with Emulator("-p", "dev") as terminal:
        enter(other)
        terminal.sees("2 here")
        assert "1:" not in terminal.text()
        terminal.enter("/quit\r")
        assert terminal.wait() == 0
    assert remembered.load() == ["main", "dev"]


def test_an_invite_is_taken_without_showing_it(room: ScriptedRoom) -> None:
    with ScriptedRoom() as other, Emulator() as terminal:
        enter(room)
        terminal.sees("2 here")
        first = f"/join {other.invite}"
        terminal.enter(f"{first}\r")
        terminal.sees("an invite is a secret")
        terminal.enter("/clear\r/join\r")
        terminal.sees("Invite:")
        terminal.enter(other.invite.replace("/main", "/dev") + "\r")
        with other.handshake() as stream:
            stream.sendall(b"this is no TLS\n")  # so it is saved, and tried again
        terminal.sees("1:main", "2:dev")
        assert profiles.load("main").invite.token.encode() not in terminal.raw.replace(
            first.encode(), b""
        )


def test_profiles_default_and_forget(chat: Chat, room: ScriptedRoom, other: ScriptedRoom) -> None:
    assert chat("profiles", "default", "dev").code() == 0
    assert profiles.default() == "dev"
    assert chat("profiles", "default", "nothing").code() == CONFIGURATION
    assert chat("profiles", "forget", "dev").code() == 0
    assert profiles.names() == ["main"]
    assert profiles.load(None).name == "main"
    assert chat("profiles", "forget", "dev").code() == CONFIGURATION


def test_a_damaged_profile_can_be_forgotten(chat: Chat, room: ScriptedRoom, home: Path) -> None:
    profiles.path_of("main").write_text("what")
    assert chat("profiles", "forget", "main").code() == 0
    assert profiles.names() == []
