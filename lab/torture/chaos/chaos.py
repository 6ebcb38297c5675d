"""Chaos with an oracle: people talk while processes of their room die, stop, fail and start again.

A seed decides all that can be decided. When something is wrong, an AssertionError says what, and
the same seed repeats the run. The oracle is in aftermath.py.
"""

import os
import random
import signal
import socket
import struct
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, suppress
from time import monotonic
from typing import Any

from lab.kit.device import Device
from lab.kit.room import PATIENCE, Peer, Room, wait_for
from lab.torture.chaos import aftermath, backup, faults
from papayad.state import roster

PEOPLE = 30

_BUSY = (AssertionError, OSError)  # no answer, refused, reset: normal in chaos, and tried again
_IMPATIENCE = 0.5  # seconds to wait for an answer while something fails
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close sends a reset


class Chaos:
    """A room, its people, and the counts of what was done to them."""

    def __init__(self, room: Room, seed: int, people: int) -> None:
        self.room = room
        self.dice = random.Random(seed)
        self.devices = [Device(room, f"user{number}") for number in range(people)]
        self.done: Counter[str] = Counter()
        self.pids: set[int] = set()
        self.groups: set[int] = set()
        self._acts = [self.talk] * 12 + [self.kill, self.stop, self.drop, self.crash]
        self._acts += [self.restart, self.kill_acceptor, self.limit, self.restore, self.plant]
        self._acts += [self.fail] * 2 if faults.HAS_STRACE else []
        self._acts += [self.fill_disk] if faults.HAS_MOUNT else []

    def step(self) -> None:
        act = self.dice.choice(self._acts)
        self.groups.add(self.room.acceptor())
        act()
        self.done[act.__name__] += 1

    def talk(self) -> None:
        device = self.dice.choice(self.devices)
        device.say(f"{self.dice.random()} " + "x" * self.dice.randint(0, 3000))
        self._try(device)

    # clients

    def drop(self) -> None:
        """A client's connection is closed in good order."""
        device = self.dice.choice(self.devices)
        with suppress(AssertionError):
            device.peer.close()

    def crash(self) -> None:
        """A client's process is killed in the middle of a line; what it has on its disk stays."""
        device = self.dice.choice(self.devices)
        device.say("x" * self.dice.randint(1, 3000))
        with suppress(*_BUSY):
            device.read_to(device.connect().end)
            upstream = device.upstream()
            device.peer.send(upstream[: self.dice.randrange(len(upstream))])
            reset(device.peer)

    # processes

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid(self._role()), signal.SIGKILL)

    def stop(self) -> None:
        """Stop a process for a moment. (A lock's holder that stays stopped is tested elsewhere.)"""
        with suppress(ProcessLookupError):
            pid = self._pid(self._role())
            os.kill(pid, signal.SIGSTOP)
            for device in self.dice.sample(self.devices, 2):
                device.say("while somebody is stopped")
            os.kill(pid, signal.SIGCONT)

    def restart(self) -> None:
        self.room.stop_acceptor()
        self.room.start()

    def kill_acceptor(self) -> None:
        self.room.stop_acceptor(signal.SIGKILL)
        self.room.start()

    def restore(self) -> None:
        """Put back an old copy of the log; then it grows over the same offsets with other words.

        What was said since the copy is lost, but nobody keeps it. One reads all of it and is away
        then, and comes back when the log is exactly as long as it was.
        """
        alike = [one for one in self.devices if len(one.user) == len(self.devices[0].user)]
        people = self.dice.sample(alike, 5)
        self._bring_back(people)
        self.room.kill()
        self.room.start()
        wait_for(lambda: not roster.names(roster.directory(self.room.state_dir)))
        copy = backup.copy(self.room)
        *speakers, away, other = people
        self._each_comes([*speakers, away], "before ")
        self.room.kill()
        backup.put_back(self.room, copy, self.dice.random() < 0.3)
        self.room.start()
        for device in self.devices:
            device.lose()
        self._each_comes([*speakers, other], "instead")
        self._try(away)
        away.assert_copy()

    def _each_comes(self, devices: list[Device], what: str) -> None:
        """All but the last one say something of the same length."""
        for device in devices:
            if device != devices[-1]:
                device.say(what + "x" * 100)
            self._try(device)

    # the machine

    def fail(self) -> None:
        """Let system calls of some process fail for a moment."""
        role = self.dice.choice([*faults.CALLS])
        fault = f"{self.dice.choice(faults.CALLS[role])}:{self.dice.choice(faults.TIMES)}"
        self._meanwhile(lambda: faults.failing(self._pid(role), fault))

    def limit(self) -> None:
        role = self.dice.choice([faults.RECV, faults.SEND, faults.ACCEPTOR])
        name, soft = self.dice.choice([*faults.LIMITS]), self.dice.choice([0, 4, 8, 12])
        self._meanwhile(lambda: faults.limited(self._pid(role), name, soft))

    def fill_disk(self) -> None:
        self._meanwhile(lambda: faults.full(self.room.state_dir))

    def plant(self) -> None:
        self._meanwhile(lambda: faults.hostile_files(self.room.state_dir))

    def _meanwhile(self, fault: Callable[[], AbstractContextManager[Any]]) -> None:
        """Some people talk meanwhile; the client of that process is among them by chance."""
        devices = self.dice.sample(self.devices, 3)
        self.room.patience = _IMPATIENCE
        with suppress(*_BUSY), fault():
            for device in devices:
                device.say("while something fails")
                self._try(device)
        self.room.patience = PATIENCE

    def _role(self) -> str:
        return self.dice.choice([faults.RECV, faults.SEND])

    def _pid(self, role: str) -> int:
        """A process of this role, from an entry whose lock is held.

        Raises ProcessLookupError when there is no client.
        """
        if role == faults.ACCEPTOR:
            return self.room.acceptor()
        entries = sorted(self.room.entries(), key=lambda entry: entry.user)
        if not entries:
            raise ProcessLookupError
        entry = self.dice.choice(entries)
        self.pids |= {entry.recv, entry.send}
        return entry.recv if role == faults.RECV else entry.send

    # the end

    def settle(self) -> None:
        """Everybody connects again, sends what did not arrive, and reads to the end."""
        self._bring_back(self.devices)
        end = self.room.committed()
        for device in self.devices:
            device.read_until_sure()
            device.read_to(end)

    def _bring_back(self, devices: list[Device]) -> None:
        for device in devices:
            wait_for(lambda device=device: self._try(device), 60)  # type: ignore[misc]

    def _try(self, device: Device) -> bool:
        """Make a new connection, unless chaos prevents it."""
        try:
            device.resume()
            device.read_until_sure()
        except _BUSY:
            return False
        return True


def reset(peer: Peer) -> None:
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    peer.close()


def run(seed: int, people: int, seconds: float) -> list[str]:
    """Return the report's lines; an AssertionError with the seed when a promise was broken."""
    limits = {"max_clients": 10 * people + 100, "messages_per_second": 1000.0}
    # After a gap a client looks for its messages in all that there is.
    limits["history_lines"] = 1_000_000
    room = Room(limits=limits, chatlog={"segment_bytes": 200_000})
    with closing(room), faults.disk(room.state_dir):
        try:
            return _run(room, seed, people, seconds)
        finally:
            room.end()


def _run(room: Room, seed: int, people: int, seconds: float) -> list[str]:
    chaos = Chaos(room, seed, people)
    try:
        room.start()
        bare = aftermath.kinds(room.acceptor())
        wait_for(lambda: chaos._try(chaos.devices[0]))
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            chaos.step()
        chaos.settle()
        aftermath.judge_log(room, chaos.devices)
        aftermath.judge_rest(room, chaos.devices, chaos.pids, chaos.groups, bare)
    except Exception as error:
        raise AssertionError(f"seed {seed}, {dict(chaos.done)}: {error}") from error
    said = sum(len(device.said) for device in chaos.devices)
    acts = ", ".join(f"{count} x {name}" for name, count in sorted(chaos.done.items()))
    return [
        f"  {people} people, {seconds:.0f} s: {acts}",
        f"  {said} messages, each in the log exactly once; {len(room.log())} bytes, whole",
        f"  {people} copies equal to the log; no process, lock, group, entry or descriptor left",
    ]
