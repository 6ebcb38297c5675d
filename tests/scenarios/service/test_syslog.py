"""A syslog daemon that is stuck, or gone, costs its lines and nothing else (design section 2)."""

import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from lab.kit.room import Peer, Room, wait_for
from papayad.log import segments
from tests.conftest import MakeRoom

_LINE = re.compile(r"<(\d+)>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d papayad\[main\]\[(\d+)\]: (.*)")


class Syslog:
    """What a syslog daemon has: a socket. It reads when it is asked for its lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self._socket.setblocking(False)

    def lines(self) -> list[tuple[int, str]]:
        """Who said what, of all that it has got since it was last asked."""
        found = []
        with suppress(BlockingIOError):
            while True:
                match = _LINE.fullmatch(self._socket.recv(65536).decode())
                if match:
                    found.append((int(match[2]), match[3]))
        return found

    def wait_for(self, words: str) -> int:
        """Who said this."""
        return wait_for(lambda: [pid for pid, line in self.lines() if words in line])[0]

    def fill(self) -> None:
        """Until it takes no more."""
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as filler:
            filler.setblocking(False)
            filler.connect(str(self._path))
            with suppress(BlockingIOError):
                while True:
                    filler.send(b"x" * 1000)

    def close(self) -> None:
        self._socket.close()
        self._path.unlink()


def place(room: Room) -> Path:
    return room.directory / "log"


@pytest.fixture
def room(make_room: MakeRoom) -> Iterator[Room]:
    """A room that is not started, whose log is a socket of the test's."""
    room = make_room(start=False, service={"log_to": "syslog"})
    room.before = f"from papayad.system import journal\njournal._PLACES = ({str(place(room))!r},)"
    yield room


def let_speak(room: Room, peer: Peer) -> None:
    """Have a RECV say something: it finds bytes in the log that nobody committed."""
    with open(segments.path(room.state_dir, 0), "ab") as last:
        last.write(b"what a killed writer left")
    peer.send(b"MSG - hello\n")
    peer.ping()


def test_its_lines_come_from_every_process(room: Room) -> None:
    """Also from those in the sandbox, which connect for themselves."""
    with closing(Syslog(place(room))) as syslog:
        room.start()
        assert syslog.wait_for(f"listening on 127.0.0.1:{room.port}") == room.acceptor()
        alice = room.join("alice")
        assert syslog.wait_for("joined with token") == room.acceptor()
        let_speak(room, alice)
        assert syslog.wait_for("that were never committed") == room.entry("alice").recv


def test_one_that_never_reads_blocks_nobody(room: Room) -> None:
    with closing(Syslog(place(room))) as syslog:
        syslog.fill()
        room.start()
        alice, bob = room.join("alice"), room.join("bob")
        for number in range(20):
            let_speak(room, alice)
            os.kill(room.acceptor(), signal.SIGHUP)
            bob.ping(b"%d" % number)
        os.kill(room.entry("bob").recv, signal.SIGKILL)
        alice.read_until(b" * - part bob\n")
        assert not any(pid for pid, _ in syslog.lines())
        room.join("carol")
        assert syslog.wait_for("carol@") == room.acceptor()


def test_one_that_vanishes_is_found_again(room: Room) -> None:
    syslog = Syslog(place(room))
    room.start()
    alice = room.join("alice")
    let_speak(room, alice)
    syslog.wait_for("that were never committed")
    syslog.close()
    room.join("bob").ping()
    let_speak(room, alice)
    with closing(Syslog(place(room))) as syslog:
        room.join("carol").ping()  # so her RECV has no reason any more to look into the log
        assert syslog.wait_for("carol@") == room.acceptor()
        let_speak(room, alice)
        assert syslog.wait_for("that were never committed") == room.entry("alice").recv


def test_a_line_before_the_daemon_detaches_is_no_obstacle(room: Room) -> None:
    """The descriptor that it was sent by is closed then."""
    (room.state_dir / "stray").touch()
    with closing(Syslog(place(room))) as syslog:
        room.start()
        said = "".join(line for _, line in syslog.lines())
        assert "stray: nobody's" in said and "listening on" in said
