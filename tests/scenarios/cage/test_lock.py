"""Who does not let go of the log's lock holds the room up for a moment (design section 4)."""

import sys

import pytest

from lab.kit import inside
from lab.kit.inside import MALLORY
from lab.kit.machine.mounts import needs_mount
from lab.kit.processes import freeze
from lab.kit.room import Peer, Room, wait_for
from papayad.formats.titles import RECV, SEND
from papayad.log.holders import holders
from papayad.state import pidfile
from tests.conftest import MakeRoom

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/locks")

HOLDS = {
    RECV: "fcntl.flock(os.open(f'{shared.state_dir}/committed', os.O_RDONLY), fcntl.LOCK_EX)",
    SEND: "fcntl.flock(os.open(f'{shared.state_dir}/committed', os.O_RDONLY), fcntl.LOCK_SH)",
}
RUNS = "\nsay('has it: done')\nwhile True:\n    time.sleep(0.01)"
WAITS = "\nsay('has it: done')\ntime.sleep(1000)"
# Nobody sees a process that is not his own; and papayad's belong to root since they are hidden.
HIDDEN = """
import subprocess
assert ctypes.CDLL(None).unshare(0x20000) == 0
for words in ("--make-rprivate /", "-t proc -o hidepid=2 proc /proc"):
    subprocess.run(["mount", *words.split()], check=True)
"""


def is_in(room: Room, when: str) -> Peer:
    """Mallory, who may never be greeted, when its process has come so far."""
    mallory = room.peer()
    mallory.send(f"PAPAYA/1 {room.token(MALLORY)} presence=off\n".encode())
    inside.outcomes(room, when)
    return mallory


def has_it(room: Room) -> Peer:
    """Mallory, whose process has the lock now."""
    return is_in(room, "has it")


def gets_through(room: Room, alice: Peer) -> None:
    """And says who was in the way: which client, and that its process was ended."""
    alice.send(b"MSG a1 after all\n")
    alice.read_until(b" alice a1 after all\n")
    wait_for(lambda: "which held the log's lock for seconds" in room.journal())
    assert f"of {MALLORY}@127.0.0.1:" in room.journal()
    wait_for(lambda: [entry.user for entry in room.entries()] == ["alice"])


@pytest.mark.parametrize("role", [RECV, SEND])
def test_one_that_runs_is_ended(make_room: MakeRoom, role: str) -> None:
    room: Room = make_room(start=False)
    inside.have(room, role, HOLDS[role] + RUNS)
    room.start()
    alice = room.join("alice")
    alice.ping()
    has_it(room)
    gets_through(room, alice)


@needs_mount
@pytest.mark.parametrize("role", [RECV, SEND])
def test_one_that_is_stopped_is_ended_though_proc_hides_it(make_room: MakeRoom, role: str) -> None:
    room: Room = make_room(start=False)
    inside.have(room, role, HOLDS[role] + WAITS, HIDDEN)
    room.start()
    alice = room.join("alice")
    alice.ping()
    has_it(room)
    freeze(getattr(room.entry(MALLORY), role))
    gets_through(room, alice)


@pytest.mark.parametrize("role", [RECV, SEND])
def test_the_lock_of_the_acceptor_is_not_a_clients_to_hold(make_room: MakeRoom, role: str) -> None:
    """It waits for the acceptor's end, and then no other would start."""
    room: Room = make_room(start=False)
    inside.have(
        room,
        role,
        """
lock = os.open(f"{shared.state_dir}/acceptor", os.O_RDONLY)
say("waits: done")
while True:
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        break
    except BlockingIOError:
        time.sleep(0.01)
time.sleep(1000)
""",
    )
    room.start()
    alice, mallory = room.join("alice"), is_in(room, "waits")
    room.stop_acceptor()
    with pidfile.lock_of(room.state_dir).open() as lock:
        wait_for(lambda: holders(lock.fileno(), room.state_dir))
    room.before = ""
    room.start()
    assert "which held the acceptor's lock" in room.journal()
    mallory.read_to_end()
    alice.send(b"MSG a1 still here\n")
    alice.read_until(b" alice a1 still here\n")
