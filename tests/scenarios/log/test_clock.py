"""The machine's clock is stepped under a running room (design section 4): the order is the log's.

The machine's own is left alone: in these daemons time.time() is what a test says, in all processes.
"""

import mmap
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.kit.device import Device
from lab.kit.room import ROOT, Room, give_to_service
from papayad.formats import record
from papayad.formats.wire import Greeting, Hello, Refusal
from papayad.state import tokens
from papayad.system.files import write_whole
from tests.conftest import MakeRoom

DAY = 86400.0
YEAR = 365 * DAY

# A mapping, and no file that is read: it is there behind a fork and in the sandbox.
STEPPED = """
import mmap, struct, time
with open({path!r}, "rb") as file:
    shared = mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)
real = time.time
time.time = lambda: real() + struct.unpack("d", shared)[0]
"""


class Clock:
    """Of all processes of a room that is started with it."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 8)
        self.source = STEPPED.format(path=str(path))

    def step(self, seconds: float) -> None:
        """So far from the true time."""
        self._shared[:] = struct.pack("d", seconds)


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[Clock]:
    tmp_path.chmod(0o755)
    yield Clock(tmp_path / "clock")


def started(make_room: MakeRoom, clock: Clock, **sections: dict[str, object]) -> Room:
    room = make_room(start=False, **sections)
    room.before = clock.source
    room.start()
    return room


def years(room: Room) -> list[int]:
    known = [record.parse(line) for line in room.log().splitlines()]
    return [int(one.stamp[:4]) for one in known if one]


def test_nothing_is_lost_and_the_order_stays(make_room: MakeRoom, clock: Clock) -> None:
    room = started(make_room, clock, chatlog={"segment_bytes": 600})
    device, bob = Device(room, "alice"), room.join("bob", last=0)
    for number, seconds in enumerate((10 * YEAR, -20 * YEAR, -time.time(), 3600.0, -3600.0, 0.0)):
        clock.step(seconds)
        device.say(f"step {number}", "and more")
        device.resume()
        device.read_until_sure()
        bob.ping(b"%d" % number)
        if number % 2:
            room.stop_acceptor()
            room.start()
    device.assert_exactly_once()
    end = room.committed()
    assert room.log()[-len(bob.records()) :] == bob.records()
    assert max(years(room)) - min(years(room)) >= 60
    carol = room.join("carol", last=1000, presence=False)
    carol.read_until(b" step 5\n")
    assert carol.greeting and carol.greeting.end >= end
    assert carol.stream == room.log()[: len(carol.stream)]


def test_no_wait_is_by_that_clock(make_room: MakeRoom, clock: Clock) -> None:
    """Neither a deadline, nor the throttle, nor a penalty."""
    limits = {
        "auth_seconds": 0.3,
        "messages_per_second": 100.0,
        "message_burst": 1,
        "penalty_exempt": [],
        "penalty_half_life": 3600.0,
    }
    room = started(make_room, clock, limits=limits)
    alice = room.join("alice")
    stranger = room.token("bob").replace("a", "b").replace("0", "1")
    for seconds in (10 * YEAR, -20 * YEAR, 0.0):
        silent = room.peer()
        clock.step(seconds)
        answer = silent.answer()
        assert isinstance(answer, Refusal)
        assert "in time" in answer.words
        alice.send(b"MSG - x\n" * 10)
        alice.ping()
    for _ in range(3):
        room.peer("127.7.7.7").hello(Hello(stranger))
    for seconds in (10 * YEAR, -20 * YEAR, 0.0):
        clock.step(seconds)
        refused = room.peer("127.7.7.7")
        assert refused.read_to_end() == b""


def test_expiry_is_by_that_clock(make_room: MakeRoom, clock: Clock) -> None:
    """As SECURITY.md says; and who is in stays in."""
    room = started(make_room, clock)
    alice, token = room.join("alice"), room.token("alice")
    digest = tokens.digest(token)
    expires = int(time.time() + DAY)
    tokens.write_tokens(room.settings.tokens, {digest: tokens.Token(digest, "alice", 1, expires)})
    assert isinstance(room.peer().hello(Hello(token)), Greeting)
    clock.step(2 * DAY)
    assert isinstance(room.peer().hello(Hello(token)), Refusal)
    clock.step(-2 * DAY)
    assert isinstance(room.peer().hello(Hello(token)), Greeting)
    banned = f"alice created={tokens.format_time(1)} expires={tokens.format_time(expires)}\n"
    write_whole(room.settings.bans, banned.encode())
    if ROOT:
        give_to_service(room.directory)
    assert isinstance(room.peer().hello(Hello(token)), Refusal)
    clock.step(2 * DAY)
    tokens.write_tokens(room.settings.tokens, {digest: tokens.Token(digest, "alice", 1)})
    assert isinstance(room.peer().hello(Hello(token)), Greeting)
    alice.ping()
