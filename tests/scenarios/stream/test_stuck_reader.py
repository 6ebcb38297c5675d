"""A client that does not read blocks its own SEND and nothing else (design sections 4 and 6).

No memory grows for it, nobody is dropped, and when it reads again it gets all.
"""

import hashlib
import time
from collections import defaultdict
from pathlib import Path

from lab.kit.crowd import Crowd
from lab.kit.machine.kernel import number, of_group
from lab.kit.room import Peer, Room
from papayad.formats import record
from papayad.formats.wire import Hello
from papayad.log import segments
from tests.conftest import MakeRoom

SPEAKERS = ("bob", "dan", "eve")  # of one length, as are their records
TEXT = "x" * 8000
MESSAGES = 4200  # of each: 100 MB in all
DEAD_PEER = 3  # seconds
GROWTH = 2048  # KiB that a process may need for work, whatever goes by


class Digests:
    """What everybody has read, as a length and a hash: a copy for each would be much."""

    def __init__(self) -> None:
        self.lengths: dict[Peer, int] = defaultdict(int)
        self.hashes = defaultdict[Peer, "hashlib._Hash"](hashlib.sha256)

    def take(self, peer: Peer, data: bytes) -> None:
        self.lengths[peer] += len(data)
        self.hashes[peer].update(data)


def hash_of_log(room: Room) -> bytes:
    whole = hashlib.sha256()
    for base in segments.bases(room.state_dir):
        whole.update(Path(segments.path(room.state_dir, base)).read_bytes())
    return whole.digest()


def memory(room: Room, field: str) -> dict[int, int]:
    """KiB of every process of the room."""
    return {pid: number(pid, field) for group in room.groups() for pid in of_group(group)}


def test_a_client_that_reads_nothing(make_room: MakeRoom) -> None:
    """Guards: sending without the lock, what is kept in memory, and no timeout for the living."""
    room = make_room(
        limits={
            "dead_peer_seconds": DEAD_PEER,
            "messages_per_second": 1e6,
            "message_burst": 1_000_000,
        },
        chatlog={"durability": "kernel"},
    )
    stuck = room.peer(receive_buffer=4096)
    stuck.hello(Hello(room.token("stuck"), presence=False))
    alice = room.join("alice", presence=False)
    speakers = [room.join(user, presence=False) for user in SPEAKERS]
    alice.ping()
    alice.stream = b""
    digests = Digests()
    crowd = Crowd([alice, *speakers], digests.take)
    lines = b"".join(b"MSG %04d %b\n" % (number, TEXT.encode()) for number in range(MESSAGES))
    size = len(record.render(record.stamp(0.0), SPEAKERS[0], "0000", TEXT))
    total = size * MESSAGES * len(SPEAKERS)
    assert total > 100_000_000
    before = memory(room, "VmRSS")
    for speaker in speakers:
        crowd.say(speaker, lines)

    def run_until_all_have(length: int) -> None:
        crowd.run(lambda: all(digests.lengths[peer] >= length for peer in crowd.peers), 120)

    run_until_all_have(total)
    for _ in range(3 * DEAD_PEER):
        time.sleep(1)
        crowd.say(speakers[0], lines[: len(lines) // MESSAGES])
        total += size
        run_until_all_have(total)
    peaks = memory(room, "VmHWM")
    assert peaks.keys() == before.keys()
    assert {pid for pid in before if peaks[pid] > before[pid] + GROWTH} == set()
    Crowd([stuck], digests.take).run(lambda: digests.lengths[stuck] >= total, 60)
    whole = hash_of_log(room)
    for peer in (stuck, *crowd.peers):
        assert digests.lengths[peer] == total
        assert digests.hashes[peer].digest() == whole
