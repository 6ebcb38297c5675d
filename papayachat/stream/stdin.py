"""What is typed, or piped in: bytes from a descriptor, taken line by line as there is use for them.

Not sys.stdin: its buffer holds lines that poll(2) does not know of.
"""

import os
from collections.abc import Iterator, Sized
from errno import EIO

MOST_WAITING = 64  # messages on their way; the next are read when some of them have arrived
_READ_BYTES = 65536


class Typed:
    """`ended` is true once everything was taken and nothing more will come."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._buffer = b""
        self._end = False

    @property
    def ended(self) -> bool:
        return self._end and not self._buffer

    def awaited(self, waiting: Sized) -> set[int]:
        """The descriptor, for `wait`, while no whole line is here and few enough messages are
        `waiting` to go on with another one."""
        wanted = not self._end and b"\n" not in self._buffer and len(waiting) < MOST_WAITING
        return {self.descriptor} if wanted else set()

    def lines(self, waiting: Sized) -> Iterator[bytes]:
        """Take what is there, until too many messages are `waiting`."""
        while len(waiting) < MOST_WAITING and (line := self.next_line()) is not None:
            yield line

    def fill(self) -> None:
        """Read once, when the descriptor is ready. A terminal that is gone is the end (EIO)."""
        try:
            chunk = os.read(self.descriptor, _READ_BYTES)
        except BlockingIOError:  # whoever shares it made it non-blocking, and was faster
            return
        except OSError as error:
            if error.errno != EIO:
                raise
            chunk = b""
        self._end = not chunk
        self._buffer += chunk

    def next_line(self) -> bytes | None:
        """The next line without its LF; None when there is no whole one. A last one needs no LF."""
        line, newline, rest = self._buffer.partition(b"\n")
        if not newline and not (self._end and line):
            return None
        self._buffer = rest
        return line

    def stop(self) -> None:
        """Take no more: what was not taken is dropped."""
        self._buffer = b""
        self._end = True
