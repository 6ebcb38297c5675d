"""What the sandbox costs a join: measured in two rooms in turns, one with it and one without.

In turns, so that other work of the machine disturbs both alike; and in the scheduler's nanoseconds,
since the time that passes says more about the other work than about the join.
"""

import statistics
import time
from contextlib import ExitStack, closing

from lab.kit.machine.kernel import cpu_seconds
from lab.kit.room import Room, wait_for

_MODES = ("off", "auto")


def run(joins: int) -> list[str]:
    """Return the report's lines."""
    waited: dict[str, list[float]] = {mode: [] for mode in _MODES}
    worked: dict[str, list[float]] = {mode: [] for mode in _MODES}
    with ExitStack() as stack:
        rooms = {mode: stack.enter_context(_room(mode)) for mode in _MODES}
        for _ in range(joins):
            for mode, room in rooms.items():
                seconds, cpu = _join(room)
                waited[mode].append(seconds)
                worked[mode].append(cpu)
    off, auto = (statistics.median(worked[mode]) * 1000 for mode in _MODES)
    more = _difference(worked)
    return [
        f"  {joins} joins by turns, medians: RECV and SEND take {off:.2f} ms of processor without",
        f"  it and {auto:.2f} ms with it ({more:+.2f} ms); from connect to the answer it is "
        f"{_difference(waited):+.2f} ms",
    ]


def _room(mode: str) -> closing[Room]:
    room = Room(service={"sandbox": mode})
    room.start()
    return closing(room)


def _join(room: Room) -> tuple[float, float]:
    """Join; return the seconds up to the first answer, and those of processor in both processes."""
    began = time.monotonic()
    peer = room.join("alice", last=0, presence=False)
    peer.ping()
    seconds = time.monotonic() - began
    entry = room.entry("alice")
    cpu = cpu_seconds(entry.recv) + cpu_seconds(entry.send)
    peer.close()
    wait_for(lambda: not room.entries())
    return seconds, cpu


def _difference(values: dict[str, list[float]]) -> float:
    """The median of the differences of the pairs, in milliseconds."""
    pairs = zip(values["off"], values["auto"], strict=True)
    return statistics.median([with_it - without for without, with_it in pairs]) * 1000
