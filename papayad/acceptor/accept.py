"""Listening sockets in the acceptor's selector: accepting in bursts, and rest (design section 8).

If each turn of the loop accepted only one connection, friends would stay out while a thousand
pending connections have something to read at each turn: the kernel's queue fills, and a client
whose first segment is dropped tries again only after a second. What an error of accept(2) means is
decided here, too.
"""

import errno
import socket
import time
from collections.abc import Callable, Iterable
from functools import partial

from papayad.acceptor.events import Events, Rank
from papayad.system.journal import Journal

_BURST = 256  # connections that one listening socket may bring in one turn
_RESTS_FOR = 0.2  # seconds without accepting when descriptors or buffers have run out
_SAID_AGAIN_AFTER = 60.0  # seconds
_RUN_OUT = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

Receive = Callable[[socket.socket, str, int], None]


class Accept:
    """`receive` gets each connection, with its peer's address and port.

    `make_room` frees descriptors, and returns whether it could.
    """

    def __init__(
        self,
        events: Events,
        receive: Receive,
        make_room: Callable[[], bool],
        journal: Journal,
    ) -> None:
        self._events = events
        self._receive = receive
        self._make_room = make_room
        self._journal = journal
        self._listening: list[socket.socket] = []
        self._rest_until = 0.0  # on the monotonic clock; 0 while it accepts
        self._complain_after = 0.0

    def begin(self, listening: Iterable[socket.socket]) -> None:
        """Accept from these sockets, and no longer from any other."""
        self._end()
        self._rest_until = 0.0
        self._listening = list(listening)
        for listener in self._listening:
            accept = partial(self._accept, listener)
            self._events.add(listener, lambda: Rank.NEWCOMERS, accept)

    def due(self) -> float | None:
        """When the rest ends, None while it accepts."""
        return self._rest_until or None

    def go_on(self, now: float) -> None:
        """End the rest when it is over."""
        if self._rest_until and now >= self._rest_until:
            self.begin(self._listening)

    def _end(self) -> None:
        for listener in self._listening:
            self._events.remove(listener)

    def _accept(self, listener: socket.socket, _: float) -> None:
        for _ in range(_BURST):
            if self._rest_until:  # descriptors ran out at another listening socket
                return
            try:
                client, address = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in _RUN_OUT:
                    self._run_out(error)
                    return
                continue  # it failed by itself, and is gone
            client.setblocking(False)
            self._receive(client, address[0].partition("%")[0], address[1])

    def _run_out(self, error: OSError) -> None:
        """Drop pending connections; if there are none, rest: to accept again would only spin."""
        rests = not self._make_room()
        now = time.monotonic()
        if now > self._complain_after:
            how = (
                f"accepting rests, {_RESTS_FOR} s at a time"
                if rests
                else "pending ones are dropped"
            )
            self._journal.warning(f"no more connections to be had, {how}: {error.strerror}")
            self._complain_after = now + _SAID_AGAIN_AFTER
        if rests:
            self._rest_until = now + _RESTS_FOR
            self._end()
