"""The interpreter is upgraded under a running daemon: nothing is imported after the start.

What would be imported then is of another version, or is not there any more.
"""

import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from lab.kit.room import ROOT, Room, is_alive, wait_for
from lab.kit.tls import TLSPeer
from papayad.formats import proxy_header
from papayad.formats.wire import Hello
from papayad.state import bans, force, tokens
from papayad.state.bans import Ban
from papayad.state.tokens import Token
from tests.conftest import MakeRoom

# From the moment on that the acceptor is ready there is nothing to import, and whoever tries is
# told of. That moment is when it freezes what it has.
_UPGRADE = """
import gc, os, sys, traceback

class Gone:
    def find_spec(self, name, path=None, target=None):
        os.write(2, f"LATE {name}\\n".encode())  # the log, or /dev/null
        try:
            with open(LATE, "a") as file:
                print(name, file=file)
        except OSError:  # a client's process may not
            pass
        raise ImportError(name)

def freeze(really=gc.freeze):
    sys.meta_path.insert(0, Gone())
    really()

gc.freeze = freeze
"""


def upgrade(room: Room) -> None:
    room.before = f"LATE = {str(room.directory / 'late')!r}\n{_UPGRADE}"


def late_imports(room: Room) -> list[str]:
    path = room.directory / "late"
    written = path.read_text().splitlines() if path.exists() else []
    return written + [line for line in room.journal().splitlines() if line.startswith("LATE")]


@pytest.fixture(params=["stderr", "syslog"])
def room(request: pytest.FixtureRequest, make_room: MakeRoom) -> Room:
    room = make_room(
        "optional",
        start=False,
        service={"log_to": request.param},
        limits={"penalty_exempt": ["127.0.0.1/32"]},
        listen={"proxies": ["127.0.0.9"], "papayachat_compat": True},
    )
    upgrade(room)
    room.start()
    return room


def test_the_hook_tells_of_an_import(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    upgrade(room)
    room.before += "\nimport os\nreally = os.sched_yield\n"
    room.before += "def late():\n try:\n  import wave\n except ImportError:\n  really()\n"
    room.before += "os.sched_yield = late"
    room.start()
    room.join("alice").ping()
    assert {"wave", "LATE wave"} <= set(late_imports(room))


def test_nothing_is_imported_after_the_start(room: Room) -> None:
    acceptor = room.acceptor()
    say_everything(room)
    come_in_every_way(room)
    fail_in_every_way(room)
    change_every_file(room)
    flood(room)
    if ROOT:
        end_the_storage(room)
    wait_for(lambda: room.join("alice").ping())
    room.stop_acceptor()
    assert not is_alive(acceptor)
    assert late_imports(room) == []
    assert "by a bug" not in room.journal()


def say_everything(room: Room) -> None:
    alice, bob = room.join("alice", session="desk"), room.join("bob", presence=False)
    alice.send(b"MSG a h\xc3\xa9llo \x1b[2J\nMSG b \xff\nMSG c \x00\nMSG - " + b"x" * 9000 + b"\n")
    alice.send(b"WHO\nnonsense\nMSG\n")
    bob.read_until(b"h\xc3\xa9llo")
    alice.send(b"PING \xff\xfe\n")
    alice.ping()
    again = room.join("alice", session="desk")
    again.send(b"a\nb\nc\n")
    again.read_to_end()
    os.kill(room.entry("bob").send, signal.SIGKILL)
    bob.read_to_end()


def come_in_every_way(room: Room) -> None:
    secure = TLSPeer(room.socket())
    room.peers.append(secure)
    secure.hello(Hello(room.token("carol"), since=0, log="0" * 32))
    secure.ping()
    old = room.peer()
    old.send(room.token("dora").encode() + b"dora: hello\n")
    old.read_until(b"dora: hello\n")
    proxied = room.peer("127.0.0.9")
    proxied.send(proxy_header.render("2001:db8::7", 4711))
    proxied.hello(Hello(room.token("eve")))
    proxied.ping()


def fail_in_every_way(room: Room) -> None:
    for said in (
        b"PAPAYA/1 nobody\n",
        b"GET /\n",
        b"\x16\x03\x01\x00\x05hello",
        b"PAPAYA/1 \xff\n",
    ):
        for _ in range(3):
            with suppress(ConnectionResetError), room.socket("127.0.0.66") as connection:
                connection.sendall(said)
                while connection.recv(4096):
                    pass


def change_every_file(room: Room) -> None:
    now = int(time.time())
    known = tokens.read_tokens(room.settings.tokens)
    for user, expires in (("gone", now - 9), ("later", now + 999)):
        secret = room.token(user)
        known[tokens.digest(secret)] = Token(tokens.digest(secret), user, now - 10, expires)
    tokens.write_tokens(room.settings.tokens, known)
    bans.write_bans(room.settings.bans, [Ban("eve", now, now + 999), Ban("2001:db8::/32", now)])
    room.settings.bans.chmod(0o644)
    for user in ("gone", "later", "eve"):
        room.peer().hello(Hello(room.token(user)))
    whole = room.path.read_text()
    for content in ("= no toml", f"{whole}\n[more]\nwhen = 2026-01-01T00:00:00Z\n", whole):
        before = generation(room)
        room.path.write_text(content)
        os.kill(room.acceptor(), signal.SIGHUP)
        wait_for(lambda before=before: generation(room) > before)  # type: ignore[misc]
    for path in (room.settings.tokens, room.settings.bans):
        path.write_text("no entry\n")
        room.join("alice").ping()


def generation(room: Room) -> int:
    known = force.read(room.settings.pid_file.parent)
    return known.generation if known else 0


def flood(room: Room) -> None:
    crowd: list[socket.socket] = []
    for number in range(120):
        crowd.append(room.socket(f"127.0.1.{1 + number}"))
        crowd[-1].sendall(b"\x16\x03\x01")
    room.join("alice").ping()
    for connection in crowd:
        connection.close()
    room.join("alice").ping()


def end_the_storage(room: Room) -> None:
    """Nobody can open the segment any more, then nothing of the state; then it is all back."""
    (segment,) = room.state_dir.glob("*.log")
    segment.chmod(0)
    room.peer().hello(Hello(room.token("frank")))
    segment.chmod(0o600)
    away = Path(f"{room.state_dir}.away")
    room.state_dir.rename(away)
    room.peer().hello(Hello(room.token("frank")))
    away.rename(room.state_dir)
