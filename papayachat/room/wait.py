"""Waiting until there is something to do: poll(2), with nothing that ticks.

poll and not epoll or kqueue, since it also takes regular files and every tty (`papayachat < file`).
"""

import math
import select
from collections.abc import Iterable
from typing import Protocol

from papayachat.room.room import Room


class SupportsFileno(Protocol):
    def fileno(self) -> int: ...


_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL  # ERR on Linux, HUP on the BSDs


def wait(
    room: Room | None,
    seconds: float | None = None,
    read: Iterable[int] = (),
    output: int | None = None,
    write: Iterable[int] = (),
) -> set[int]:
    """Wait for the room, for one of `read` or `write`, or for `seconds`; return the descriptors
    that are ready.

    `output` is where we print: it raises BrokenPipeError as soon as nobody can read that any more,
    so that `papayachat tail -f | head -1` ends with head and not only at the next message.
    """
    poll = select.poll()
    for descriptor in read:
        poll.register(descriptor, select.POLLIN)
    for descriptor in write:
        poll.register(descriptor, select.POLLOUT)
    if output is not None:
        poll.register(output, 0)
    stream = None if room is None else room.fileno()
    if room is not None and stream is not None:
        poll.register(stream, select.POLLIN | (select.POLLOUT if room.wants_write else 0))
    ready = poll.poll(_milliseconds(_sooner(seconds, None if room is None else room.timeout())))
    if any(descriptor == output and event & _GONE for descriptor, event in ready):
        raise BrokenPipeError
    return {descriptor for descriptor, _ in ready}


def _sooner(one: float | None, other: float | None) -> float | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else max(0, math.ceil(seconds * 1000))


def wait_readable(stream: SupportsFileno, seconds: float) -> bool:
    """Wait until there is something to read; False if nothing came within these seconds."""
    poll = select.poll()
    poll.register(stream.fileno(), select.POLLIN)
    return bool(poll.poll(_milliseconds(seconds)))
