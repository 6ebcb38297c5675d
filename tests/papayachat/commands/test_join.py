"""join, profiles and invites: what is saved, with which rights, and what is refused."""

import re
import socket
from pathlib import Path

import pytest

from lab.kit.terminal.emulator import Emulator
from lab.kit.terminal.scripted import TOKEN, ScriptedRoom
from papayachat.disk import profile as profiles
from papayad.errors import CONFIGURATION, NO_PERMISSION, UNAVAILABLE, USAGE, Fault
from papayad.formats import invite
from tests.papayachat.conftest import Chat


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def an_invite(port: int = 7722, room: str = "main", token: str = TOKEN) -> str:
    return f"papaya://alice:{token}@127.0.0.1:{port}/{room}"


def join(text: str, name: str = "main") -> profiles.Profile:
    profiles.save(profiles.make(invite.parse(text), name, plain=True))
    return profiles.load(name)


def test_joins_and_tries_it(chat: Chat, home: Path) -> None:
    with ScriptedRoom() as room:
        program = chat("join", "--plain", room.invite)
        peer = room.greeted()
        assert peer.hello.presence is False
        assert program.code() == 0
    assert "joined main" in program.out
    path = home / "config" / "papaya" / "main.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert profiles.load(None).invite == invite.parse(room.invite)


def test_joins_a_server_that_is_down(chat: Chat) -> None:
    program = chat("join", "--plain", an_invite(closed_port()))
    assert program.code() == 0
    assert "refused" in program.err.lower()
    assert profiles.load(None).name == "main"


def test_a_refused_token_is_not_saved(chat: Chat) -> None:
    with ScriptedRoom() as room:
        program = chat("join", "--plain", room.invite)
        room.accept().refuse("auth", "unknown token")
        assert program.code() == NO_PERMISSION
    assert profiles.names() == []
    assert TOKEN not in program.err


def test_a_broken_invite_is_one_line(chat: Chat) -> None:
    program = chat("join", f"papaya://alice:{TOKEN[1:]}@host:1/main")
    assert program.code() == CONFIGURATION
    assert program.err.count("\n") == 1
    assert TOKEN[1:] not in program.err


def test_reads_the_invite_from_stdin(chat: Chat) -> None:
    program = chat("join", "--plain", "--offline", "-", stdin=-1)
    program.enter(an_invite() + "\n")
    assert program.code() == 0
    assert profiles.load("main").plain


def test_plain_is_for_this_machine_only(chat: Chat) -> None:
    program = chat("join", "--plain", "--offline", f"papaya://a:{TOKEN}@chat.example:1/main")
    assert program.code() == USAGE
    assert profiles.names() == []


def test_another_token_needs_force(chat: Chat) -> None:
    join(an_invite())
    other = an_invite(token="cd" * 64)
    refused = chat("join", "--plain", "--offline", other)
    assert refused.code() == 1
    assert "--force" in refused.err and "alice@127.0.0.1:7722/main" in refused.err
    assert profiles.load("main").invite.token == TOKEN
    assert chat("join", "--plain", "--offline", "--force", other).code() == 0
    assert profiles.load("main").invite.token == "cd" * 64


def test_joining_again_keeps_the_session(chat: Chat) -> None:
    session = join(an_invite()).session
    assert re.fullmatch(r"[A-Za-z0-9_-]{16}", session)
    assert chat("join", "--plain", "--offline", an_invite()).code() == 0
    assert profiles.load("main").session == session


def test_the_last_joined_is_the_default() -> None:
    join(an_invite(), "one")
    join(an_invite(), "two")
    assert profiles.load(None).name == "two"
    assert profiles.load("one").name == "one"


def test_without_a_default_the_only_one_is_meant(home: Path) -> None:
    join(an_invite(), "one")
    (home / "config" / "papaya" / "default").unlink()
    assert profiles.load(None).name == "one"
    join(an_invite(), "two")
    (home / "config" / "papaya" / "default").unlink()
    with pytest.raises(Fault, match="one, two"):
        profiles.load(None)


def test_no_profile_says_what_to_do(chat: Chat) -> None:
    program = chat("send", "hello")
    assert program.code() == CONFIGURATION
    assert "papayachat join" in program.err
    assert chat("-p", "../x", "send", "hello").code() == CONFIGURATION


def test_a_profile_that_others_can_read_is_refused(chat: Chat) -> None:
    join(an_invite())
    path = profiles.path_of("main")
    path.chmod(0o644)
    program = chat("tail")
    assert program.code() == CONFIGURATION
    assert program.err == (f"papayachat: {path}: others can read your token: chmod 600 {path}\n")


def test_force_mends_a_profile_that_others_can_read(chat: Chat) -> None:
    join(an_invite())
    profiles.path_of("main").chmod(0o644)
    assert chat("join", "--plain", "--offline", "--force", an_invite()).code() == 0
    assert profiles.path_of("main").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", "not toml", 'invite = 1\nsession = "x"\nplain = false\n'])
def test_a_damaged_profile_is_a_fault(content: str) -> None:
    join(an_invite())
    profiles.path_of("main").write_text(content)
    with pytest.raises(Fault, match="not a profile") as caught:
        profiles.load(None)
    assert caught.value.code == CONFIGURATION


def test_what_is_typed_is_not_shown() -> None:
    with Emulator("join", "--plain", "--offline") as terminal:
        terminal.sees("Invite:")
        terminal.enter(an_invite() + "\r")
        assert terminal.wait() == 0
        assert TOKEN.encode() not in terminal.raw
        terminal.sees("saved main: alice@127.0.0.1:7722/main")
    assert profiles.load("main").plain


def test_an_invite_on_the_command_line_is_warned_of(chat: Chat) -> None:
    program = chat("join", "--plain", "--offline", an_invite())
    assert program.code() == 0
    assert "history" in program.err and TOKEN not in program.err


def test_an_invite_in_a_file(chat: Chat, home: Path) -> None:
    (home / "invite").write_text(an_invite() + "\n")
    assert chat("join", "--plain", "--offline", str(home / "invite")).code() == 0
    assert profiles.names() == ["main"]
    program = chat("join", str(home / "nothing"))
    assert program.code() == 1
    assert program.err.endswith("nothing: No such file or directory\n")


def test_a_host_without_an_address_is_not_joined(chat: Chat) -> None:
    program = chat("join", f"papaya://a:{TOKEN}@no-such-host.invalid:1/main")
    assert program.code() == UNAVAILABLE
    assert "--offline" in program.err and "joined" not in program.out
    assert profiles.names() == []
