"""Tokens and keys stay where they belong (design section 3; SECURITY.md)."""

import os
import subprocess
from pathlib import Path

from papayad.errors import CONFIGURATION
from papayad.wire import Greeting, Hello
from tests.conftest import MakeRoom
from tests.room import Room, wait_for


def texts_of(room: Room) -> dict[str, bytes]:
    """Every file of the room but the key's, and what ps shows of its processes."""
    key = Path(room.settings.listen.private_key)
    found = {
        str(path): path.read_bytes()
        for path in room.directory.rglob("*")
        if path.is_file() and path != key
    }
    pids = {room.acceptor()} | {pid for one in room.entries() for pid in (one.recv, one.send)}
    for pid in pids - {0}:
        for name in ("cmdline", "environ", "comm", "maps"):
            found[f"{pid}/{name}"] = Path(f"/proc/{pid}/{name}").read_bytes()
    return found


def test_no_file_and_no_title_has_a_token_or_the_key(make_room: MakeRoom) -> None:
    room = make_room(tls="required")
    alice = room.join("alice", session="s")
    for line in (b"MSG a1 hello\n", b"WHO\n", b"nonsense\n"):
        alice.send(line)
    alice.ping()
    wrong = "f" * 64 + "0" * 64
    assert not isinstance(room.peer().hello(Hello(wrong)), Greeting)
    misplaced = room.peer()
    misplaced.send(f"PAPAYA/1 x {room.token('alice')}\n".encode())
    misplaced.answer()
    key = Path(room.settings.listen.private_key).read_bytes().splitlines()[1:-1]
    secrets = [room.token("alice").encode(), wrong.encode(), *key]
    for name, text in texts_of(room).items():
        assert [secret for secret in secrets if secret in text] == [], name


def test_no_process_leaves_a_core(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    entry = room.entry("alice")
    for pid in (room.acceptor(), entry.recv, entry.send):
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert "Max core file size        0                    0 " in limits


def test_a_key_that_everybody_can_read_stops_the_start(make_room: MakeRoom) -> None:
    room = make_room(tls="required", start=False)
    os.chmod(room.settings.listen.private_key, 0o644)
    assert room.start(check=False).returncode == CONFIGURATION
    assert "everybody on this machine can read or change it" in room.journal()
    checked = subprocess.run(room.command("--check"), capture_output=True, text=True, check=False)
    assert checked.returncode == CONFIGURATION


def test_a_reload_does_not_take_an_open_key_either(make_room: MakeRoom) -> None:
    room = make_room(tls="required")
    os.chmod(room.settings.listen.private_key, 0o644)
    os.kill(room.acceptor(), 1)
    wait_for(lambda: "everything stays as it was" in room.journal())
    room.join("alice")
