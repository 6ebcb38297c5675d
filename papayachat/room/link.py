"""The link: drives a room by asyncio, in the screen's own thread.

It waits only for the socket and for the time when the room has something to do: an idle link has no
timer. Only blocking calls are in threads, and these are daemon threads: to quit, nobody waits for a
host that does not answer.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from papayachat.room.connection import Connection
from papayachat.room.events import Event
from papayachat.room.room import Room
from papayad.errors import Fault

T = TypeVar("T")
_COUNT_EVERY = 1.0  # seconds between two steps of the countdown on the screen


class Link:
    """`hear` gets the events, `refuse` a Fault that no further attempt can mend; `tick` is called
    each second of a pause between two attempts."""

    def __init__(
        self,
        room: Room,
        hear: Callable[[list[Event]], None],
        refuse: Callable[[Fault], None],
        tick: Callable[[], None],
    ) -> None:
        self._room = room
        self._hear = hear
        self._refuse = refuse
        self._tick = tick
        self._loop = asyncio.get_running_loop()
        self._reading: int | None = None
        self._writing: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._opening = False
        self._stopped = False

    def poke(self) -> None:
        """There is something to send, or it is time to connect."""
        self._stopped = False
        self._room.send_due()
        self._arm()

    def close(self) -> None:
        self._stopped = True
        self._arm()

    def _work(self) -> None:
        if self._room.is_due:
            self._open()
        else:
            self._try(self._room.step)
        self._arm()

    def _open(self) -> None:
        self._opening = True
        in_thread(self._room.open, self._opened, self._not_opened)

    def _opened(self, connection: Connection) -> None:
        self._opening = False
        if self._stopped:
            connection.close()
            return
        self._try(lambda: self._room.adopt(connection))
        self._arm()

    def _not_opened(self, fault: Fault) -> None:
        self._opening = False
        if not self._stopped:
            self._try(lambda: self._room.failed(fault))
            self._arm()

    def _try(self, act: Callable[[], list[Event]]) -> None:
        try:
            events = act()
        except Fault as fault:
            self._stopped = True
            self._refuse(fault)
            return
        if events:
            self._hear(events)

    def _arm(self) -> None:
        """Wait for exactly what the room waits for now."""
        stream = None if self._stopped else self._room.fileno()
        if self._reading not in (None, stream):
            self._loop.remove_reader(self._reading)
        if stream is not None:
            self._loop.add_reader(stream, self._work)
        self._reading = stream
        self._arm_writer(stream if self._room.wants_write else None)
        self._arm_timer()

    def _arm_writer(self, stream: int | None) -> None:
        if self._writing not in (None, stream):
            self._loop.remove_writer(self._writing)
        if stream is not None:
            self._loop.add_writer(stream, self._work)
        self._writing = stream

    def _arm_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        seconds = self._room.timeout()
        if self._stopped or self._opening or seconds is None:
            return
        if self._room.fileno() is None and seconds > _COUNT_EVERY:
            self._timer = self._loop.call_later(_COUNT_EVERY, self._count_down)
        else:
            self._timer = self._loop.call_later(seconds, self._work)

    def _count_down(self) -> None:
        self._tick()
        self._arm_timer()


def in_thread(
    act: Callable[[], T], done: Callable[[T], None], failed: Callable[[Fault], None]
) -> None:
    """Call `act` in a thread of its own, and then `done` or `failed` in the loop's."""
    loop = asyncio.get_running_loop()

    def call_back(function: Callable[[T], None] | Callable[[Fault], None], value: object) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(function, value)  # type: ignore[arg-type]

    def run() -> None:
        try:
            result = act()
        except Fault as fault:
            call_back(failed, fault)
        else:
            call_back(done, result)

    threading.Thread(target=run, daemon=True).start()
