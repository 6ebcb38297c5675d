"""papayachat against a real papayad, whose clusters are killed under it."""

import json
import os
import random
import shutil
import signal
import ssl
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from lab.kit import certificate as certificates
from lab.kit.admin.ctl import ctl
from lab.kit.machine import memory
from lab.kit.room import ROOT, Room, give_to_service, wait_for
from papayachat.disk import profile as profiles
from papayad.formats import pin
from papayad.formats.invite import Invite
from tests.conftest import MakeRoom
from tests.papayachat.conftest import Chat, Program

FAST = {"messages_per_second": 2000.0, "message_burst": 5}
LINES = 200


def join(room: Room, plain: bool = True) -> None:
    pins: tuple[str, ...] = ()
    if not plain:
        der = ssl.PEM_cert_to_DER_cert((room.directory / "cert.pem").read_text())
        pins = (pin.of_certificate(der),)
    invite = Invite("alice", room.token("alice"), "127.0.0.1", room.port, "main", pins)
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


# The certificate changes


def certificate(room: Room, *words: str) -> Any:
    result = ctl(room, "--json", "certificate", *words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def say(chat: Chat, text: str) -> int:
    return chat("send", text).code()


def test_a_renewed_certificate_locks_nobody_out(make_room: MakeRoom, chat: Chat) -> None:
    room = make_room("required")
    join(room, plain=False)
    before = certificate(room, "show")
    after = certificate(room, "renew", "--name", "chat.example.org")
    assert after["pin"] == before["pin"] == after["served"]
    assert after["names"] == ["chat.example.org"]
    assert after["expires"] > before["expires"]
    assert say(chat, "still here") == 0
    assert texts(room) == ["still here"]


def test_a_key_that_was_announced_locks_out_only_who_was_not_there(
    make_room: MakeRoom, chat: Chat
) -> None:
    room = make_room("required")
    join(room, plain=False)
    room.token("bob")
    rolled = certificate(room, "roll")
    assert rolled["next"]["pin"] != rolled["pin"] == rolled["served"]
    assert rolled["unaware"] == ["alice", "bob"]
    assert say(chat, "I learn of it") == 0
    assert certificate(room, "show")["unaware"] == ["bob"]
    refused = ctl(room, "certificate", "roll", "--now")
    assert refused.exit_code == 1
    assert "1 users were not here" in refused.stderr
    assert certificate(room, "roll", "--now", "--yes")["served"] == rolled["next"]["pin"]
    assert say(chat, "and know it") == 0
    assert profiles.load(None).invite.pins == (rolled["next"]["pin"],)
    again = certificate(room, "roll")["next"]["pin"]
    certificate(room, "roll", "--now", "--yes")
    assert say(chat, "nobody told me") == 78
    assert chat("pin", "spki:none").code() == 2
    assert chat("pin", again).code() == 0
    assert say(chat, "now somebody did") == 0


def test_a_key_that_nobody_knows_is_not_imported(make_room: MakeRoom, tmp_path: Path) -> None:
    room = make_room("required")
    paths = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificates.make(*paths)
    refused = ctl(room, "certificate", "import", *map(str, paths))
    assert refused.exit_code == 1
    assert "papayactl certificate roll --certificate" in refused.stderr
    known = certificate(room, "show")["served"]
    rolled = certificate(room, "roll", "--certificate", str(paths[0]), "--key", str(paths[1]))
    assert rolled["served"] == known
    assert certificate(room, "roll", "--abort")["next"] is None
    assert certificate(room, "import", *map(str, paths), "--force")["served"] != known


def test_who_waits_is_not_lost_for_good(make_room: MakeRoom, chat: Chat) -> None:
    """A tail that was in tries again, and says why; the admin may mend it."""
    room = make_room("required")
    join(room, plain=False)
    program = chat("tail", "-f")
    room.entry("alice")
    certificates.make(room.directory / "cert.pem", room.directory / "key.pem")
    if ROOT:
        give_to_service(room.directory)
    assert ctl(room, "acceptor", "reload").exit_code == 0
    os.kill(room.entry("alice").recv, signal.SIGKILL)
    while "has another key than you know it by" not in program.complaint():
        pass
    assert program.process.poll() is None


def test_a_copied_home_directory_is_two_devices(
    chat: Chat, make_room: MakeRoom, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older one is told, says so, and leaves the session to the other: they do not fight."""
    room = make_room()
    join(room)
    one = chat(stdin=-1)
    one.enter("from here\n")
    wait_until_said(room, 1)
    for kind in ("CONFIG", "STATE", "DATA"):
        kept = Path(os.environ[f"XDG_{kind}_HOME"])
        if kept.exists():
            shutil.copytree(kept, home / "clone" / kind)
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(home / "clone" / kind))
    other = chat(stdin=-1)
    told = [one.complaint(), one.complaint()]
    assert any("goes on elsewhere" in line for line in told)
    other.enter("from there\n")
    one.enter("from here again\n")
    wait_until_said(room, 3)
    assert len({entry.session for entry in room.entries()}) == 2
    sessions = [
        tomllib.loads((home / place / "papaya" / "main.toml").read_text())["session"]
        for place in ("config", "clone/CONFIG")
    ]
    assert len(set(sessions)) == 2
    for program in (one, other):
        program.end_input()
        assert program.code() == 0
