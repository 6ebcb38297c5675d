"""What clusters say goes through the acceptor: later ones hear it, too, and it drowns nobody."""

import os
import signal
import stat
import sys

import pytest

from lab.kit import inside
from lab.kit.inside import MALLORY
from lab.kit.room import Peer, Room, wait_for
from papayad.cluster import relay
from papayad.formats.titles import RECV
from papayad.log import segments
from tests.conftest import MakeRoom
from tests.scenarios.cage.test_lock import HOLDS, gets_through, has_it

CUT = "that were never committed"
FLOOD = """
say('has it: done')
until = time.monotonic() + {seconds}
while time.monotonic() < until:
    try:
        os.write(shared.relay, b"\\n%d 4 flood" % os.getpid() * 50)
    except BlockingIOError:
        pass
"""


def let_speak(room: Room, peer: Peer) -> None:
    """Have a RECV say something: it finds bytes in the log that nobody committed."""
    with open(segments.path(room.state_dir, 0), "ab") as last:
        last.write(b"what a killed writer left")
    peer.send(b"MSG - hello\n")
    peer.ping()


def test_a_later_acceptor_hears_the_clusters_of_an_earlier_one(make_room: MakeRoom) -> None:
    """And what was said while there was none is missed, and known to be."""
    room = make_room()
    alice = room.join("alice")
    room.stop_acceptor()
    let_speak(room, alice)
    assert CUT not in room.journal()
    room.start()
    let_speak(room, alice)
    wait_for(lambda: CUT in room.journal())
    assert room.journal().count(CUT) == 1
    assert "(1 lines are lost before this) cut 25 bytes" in room.journal()


def test_nobody_reads_it_and_it_goes_with_the_last(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice").ping()
    path = relay.path(room.settings.pid_file)
    assert stat.S_IMODE(path.stat().st_mode) == 0o200
    assert stat.S_ISFIFO(path.stat().st_mode)
    room.stop_acceptor()
    assert path.exists()
    room.start()
    os.kill(room.entry("alice").recv, signal.SIGKILL)
    wait_for(lambda: b"* - part alice\n" in room.log())  # so the acceptor knows of it
    room.stop_acceptor()
    assert not path.exists()


def test_a_file_in_its_place_is_none(make_room: MakeRoom) -> None:
    room = make_room(start=False)
    path = relay.path(room.settings.pid_file)
    path.parent.mkdir(exist_ok=True)
    path.symlink_to("/etc/passwd")
    os.lchown(path.parent, os.stat(room.state_dir).st_uid, -1)
    room.start()
    assert stat.S_ISFIFO(path.lstat().st_mode)


def test_whoever_says_too_much_drowns_nobody(make_room: MakeRoom) -> None:
    """Newcomers come in, the journal stays small, and what is said there drives no terminal."""
    room: Room = make_room(start=False)
    words = (
        'os.write(shared.relay, b"\\n1 4 \\x1b[2J\\n1 9 no\\n12345678 4 no\\nx\\n1 4\\n1 3 yes\\n")'
    )
    inside.have(room, RECV, words + FLOOD.format(seconds=4))
    room.start()
    alice = room.join("alice")
    has_it(room)
    wait_for(lambda: "clusters say more than can be passed on" in room.journal())
    for name in ("bob", "carol", "dave"):
        room.join(name).ping()
    alice.ping()
    journal = room.journal()
    assert 0 < journal.count("flood") < 1000
    assert "\x1b" not in journal
    assert "]: \u241b[2J\n" in journal
    assert "]: yes\n" in journal
    assert "no\n" not in journal


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/locks")
def test_a_flood_hides_no_call_for_help(make_room: MakeRoom) -> None:
    room: Room = make_room(start=False)
    inside.have(room, RECV, HOLDS[RECV] + FLOOD.format(seconds=1000))
    room.start()
    alice = room.join("alice")
    alice.ping()
    has_it(room)
    gets_through(room, alice)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/locks")
def test_a_later_acceptor_hears_who_has_waited_for_long(make_room: MakeRoom) -> None:
    room: Room = make_room(start=False)
    inside.have(room, RECV, HOLDS[RECV] + "\nsay('has it: done')\ntime.sleep(1000)")
    room.start()
    alice = room.join("alice")
    alice.ping()
    has_it(room)
    room.stop_acceptor()
    room.before = ""
    alice.send(b"MSG - waits\n")
    room.start()
    gets_through(room, alice)
    assert MALLORY in room.journal()
