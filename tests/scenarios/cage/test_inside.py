"""What code of its own in a living RECV or SEND reaches of its room (SECURITY.md)."""

import sys

import pytest

from lab.kit import inside
from lab.kit.inside import MALLORY, WITHOUT_LANDLOCK
from lab.kit.machine import cage
from lab.kit.room import Room
from papayad.formats.titles import RECV, SEND
from tests.conftest import MakeRoom

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")

HALVES = {"both": "", "seccomp": WITHOUT_LANDLOCK}
REFUSED = {"EPERM", "EACCES"}


@pytest.fixture(params=HALVES)
def room(request: pytest.FixtureRequest, make_room: MakeRoom) -> Room:
    cage.skip_unless_whole()
    room: Room = make_room(start=False, service={"sandbox": "auto"})
    room.before = HALVES[request.param]
    return room


@pytest.mark.parametrize("role", [RECV, SEND])
def test_the_room_goes_on_around_it(room: Room, role: str) -> None:
    """It cannot give up the locks that make others visible, end anybody, or leave its socket."""
    inside.have(
        room,
        role,
        """
for number in range(3, 64):
    try:
        file = os.fstat(number)
    except OSError:
        continue
    if number >= 32:
        attempt(f"unlock {number}", fcntl.flock, number, fcntl.LOCK_UN)
    if os.isatty(number):
        say("terminal: done")
acceptor = client.seat.entry.group
for name, pid in (("acceptor", acceptor), ("group", -acceptor), ("itself", os.getpid())):
    for signum in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):
        attempt(f"signal {signum} to {name}", os.kill, pid, signum)
run_dir = os.path.dirname(shared.pid_file)
attempt("hear", os.open, f"{run_dir}/relay", os.O_RDONLY | os.O_NONBLOCK)
attempt("hear as it is", os.read, shared.relay, 1)
attempt("debug", os.open, f"/proc/{acceptor}/mem", os.O_RDONLY)
attempt("a socket", socket.socket)
attempt("another connection", cage.connect_anew, client.socket.fileno(), 1)
attempt("a fork", os.fork)
say("last: done")
""",
        room.before,
    )
    room.start()
    alice, acceptor = room.join("alice"), room.acceptor()
    mallory = room.join(MALLORY)
    known = inside.outcomes(room)
    assert known.pop("last") == "done"
    assert known.pop("hear as it is") == "EBADF"
    assert len([name for name in known if name.startswith("unlock")]) == 2
    assert {n: o for n, o in known.items() if o not in REFUSED} == {}
    mallory.ping()
    alice.send(b"MSG a1 still here\n")
    mallory.read_until(b" alice a1 still here\n")
    assert room.acceptor() == acceptor
    assert {entry.user for entry in room.entries()} == {"alice", MALLORY}
    assert room.groups() == [acceptor]


def test_neither_tokens_nor_key_are_opened(make_room: MakeRoom) -> None:
    """Landlock's half: what its user may read, a cluster may not."""
    cage.skip_unless_whole()
    room: Room = make_room("required", start=False)
    listen, service = room.settings.listen, room.settings.service
    inside.have(
        room,
        SEND,
        f"""
for path in ({listen.private_key!r}, {service.tokens!r}, "/proc/self/stat", "/proc/locks", "/"):
    attempt(f"open {{path}}", os.open, path, os.O_RDONLY)
say("last: done")
""",
    )
    room.start()
    room.join(MALLORY).ping()
    known = inside.outcomes(room)
    assert known.pop("last") == "done"
    assert set(known.values()) == {"EACCES"}
    assert len(known) == 5
