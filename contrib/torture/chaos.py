"""Chaos with an oracle: people talk while processes of their room die, stop and start again.

A seed decides all that can be decided; when something is wrong, an AssertionError says what, and
the seed runs it again. The oracle, at the end: the log is whole, each copy is the log's range, each
message is there exactly once, and nothing of the room is left when everybody has gone.
"""

import os
import random
import signal
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

from papayad import record, roster
from tests.device import Device
from tests.room import Room, is_alive, wait_for

_BUSY = (AssertionError, OSError)  # no answer, refused, reset: that is chaos, and tried again


class Chaos:
    """A room, its people, and what was done to them."""

    def __init__(self, room: Room, seed: int, people: int) -> None:
        self.room = room
        self.dice = random.Random(seed)
        self.devices = [Device(room, f"user{number}") for number in range(people)]
        self.done: Counter[str] = Counter()
        self.pids: set[int] = set()

    def step(self) -> None:
        action = self.dice.choice(
            [self.talk] * 12 + [self.kill, self.stop, self.drop, self.restart, self.kill_acceptor]
        )
        action()
        self.done[action.__name__] += 1

    def talk(self) -> None:
        device = self.dice.choice(self.devices)
        device.say(f"{self.dice.random()} " + "x" * self.dice.randint(0, 3000))
        self._try(device)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """For a moment: a holder of the lock that stays stopped is tried elsewhere."""
        pid = self._signal(signal.SIGSTOP)
        for device in self.dice.sample(self.devices, 2):
            device.say("while somebody is stopped")
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def drop(self) -> None:
        device = self.dice.choice(self.devices)
        with suppress(AssertionError):
            device.peer.close()

    def restart(self) -> None:
        self.room.stop_acceptor()
        self.room.start()

    def kill_acceptor(self) -> None:
        self.room.stop_acceptor(signal.SIGKILL)
        self.room.start()

    def settle(self) -> None:
        """Everybody comes back, says what was not heard, and reads to the end."""
        for device in self.devices:
            wait_for(lambda device=device: self._try(device), 60)  # type: ignore[misc]
        end = self.room.committed()
        for device in self.devices:
            device.read_until_sure()
            device.read_to(end)

    def judge(self) -> None:
        log = self.room.log()
        assert all(record.parse(line) for line in log.splitlines()), "the log is not whole"
        for device in self.devices:
            device.assert_exactly_once()
        for device in self.devices:
            device.peer.close()
        wait_for(lambda: not roster.names(roster.directory(self.room.state_dir)))
        self.room.stop_acceptor()
        wait_for(lambda: not self.room.groups())
        left = [pid for pid in self.pids if is_alive(pid) and _is_papayad(pid)]
        assert left == [], f"processes are left: {left}"

    def _try(self, device: Device) -> bool:
        """A new connection, unless chaos comes in between."""
        try:
            device.resume()
            device.read_until_sure()
        except _BUSY:
            return False
        return True

    def _signal(self, number: signal.Signals) -> int:
        """One process of a cluster, which its lock proves to be one."""
        entries = self.room.entries()
        if not entries:
            return 0
        entry = self.dice.choice(sorted(entries, key=lambda entry: entry.user))
        self.pids |= {entry.recv, entry.send}
        pid = self.dice.choice([entry.recv, entry.send])
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        return pid


def run(seed: int, people: int, seconds: float) -> list[str]:
    """Lines of a report; an AssertionError with the seed when a promise was broken."""
    limits = {"max_clients": 10 * people + 100, "messages_per_second": 1000.0}
    with closing(Room(limits=limits, chatlog={"segment_bytes": 200_000})) as room:
        room.start()
        chaos = Chaos(room, seed, people)
        deadline = time.monotonic() + seconds
        try:
            while time.monotonic() < deadline:
                chaos.step()
            chaos.settle()
            chaos.judge()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, {dict(chaos.done)}: {error}") from error
        said = sum(len(device.said) for device in chaos.devices)
        acts = ", ".join(f"{count} x {name}" for name, count in sorted(chaos.done.items()))
        return [
            f"  {people} people, {seconds:.0f} s: {acts}",
            f"  {said} messages, each in the log exactly once; {len(room.log())} bytes, whole",
            f"  {people} copies equal to the log; no process, lock, group or entry left",
        ]


def _is_papayad(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"papayad[")
    return False
