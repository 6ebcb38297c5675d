"""Notices on their way from RECV to its SEND: a pipe, and SIGUSR2 (design section 5).

Only SEND writes to the socket, so RECV writes whole lines into this pipe. When the client does not
read, the pipe fills and RECV waits: so the client is slowed down, as everywhere.
"""

import os
import signal
from os import read, set_blocking
from select import select

ARRIVAL = signal.SIGUSR2
_CHUNK = 65536


class NoticeWriter:
    """RECV's end. `send` is the pid of its child SEND: valid, since nobody waited for it."""

    def __init__(self, descriptor: int, send: int) -> None:
        set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._send = send

    def write(self, line: bytes) -> None:
        """Hand a line over; if the pipe is full, tell SEND and wait."""
        while line:
            try:
                line = line[os.write(self._descriptor, line) :]
            except BlockingIOError:
                select([], [self._descriptor], [])
            os.kill(self._send, ARRIVAL)

    def finish(self, last: bytes) -> None:
        """Hand over the last line: SEND sends what is committed, and this, and ends."""
        self.write(last)
        os.close(self._descriptor)
        os.kill(self._send, ARRIVAL)


class NoticeReader:
    """SEND's end."""

    def __init__(self, descriptor: int) -> None:
        set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._partial = b""
        self.finished = False

    def read(self) -> bytes:
        """The whole lines that have arrived; never waits.

        `finished`: RECV hands over no more. A bye is the last line of a stream: no record follows.
        """
        while not self.finished:
            try:
                data = read(self._descriptor, _CHUNK)
            except BlockingIOError:
                break
            self.finished = not data
            self._partial += data
        lines, newline, self._partial = self._partial.rpartition(b"\n")
        lines += newline
        self.finished = self.finished or b"\n! bye " in b"\n" + lines
        return lines
