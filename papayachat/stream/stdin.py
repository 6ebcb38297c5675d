"""What is typed or piped in: bytes from a descriptor, taken line by line as they can be used.

It does not use sys.stdin, whose buffer may hold lines that poll(2) does not know about.
"""

import os
from collections.abc import Iterator, Sized
from errno import EIO

MOST_WAITING = 64  # messages on their way; more are read when some of them have arrived
_READ_BYTES = 65536


class Typed:
    """`ended` is true when everything was taken and nothing more will come."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._buffer = b""
        self._end = False

    @property
    def ended(self) -> bool:
        return self._end and not self._buffer

    def awaited(self, waiting: Sized) -> set[int]:
        """The descriptor for `wait`, while no whole line is here and only few messages are
        `waiting`."""
        wanted = not self._end and b"\n" not in self._buffer and len(waiting) < MOST_WAITING
        return {self.descriptor} if wanted else set()

    def lines(self, waiting: Sized) -> Iterator[bytes]:
        """Take the lines that are there, until too many messages are `waiting`."""
        while len(waiting) < MOST_WAITING and (line := self.next_line()) is not None:
            yield line

    def fill(self) -> None:
        """Read once, when the descriptor is ready. A terminal that is gone (EIO) is the end."""
        try:
            chunk = os.read(self.descriptor, _READ_BYTES)
        except BlockingIOError:  # another process has made it non-blocking, and read first
            return
        except OSError as error:
            if error.errno != EIO:
                raise
            chunk = b""
        self._end = not chunk
        self._buffer += chunk

    def next_line(self) -> bytes | None:
        """The next line without its LF; None if none is complete. The last one needs no LF."""
        line, newline, rest = self._buffer.partition(b"\n")
        if not newline and not (self._end and line):
            return None
        self._buffer = rest
        return line

    def stop(self) -> None:
        """Take no more, and drop what was not taken."""
        self._buffer = b""
        self._end = True
