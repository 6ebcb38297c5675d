"""What goes to a client's socket: plain, encrypted, or as papayaChat's (design sections 3, 8).

Used by SEND only, which alone writes to the socket. Each outlet sends the log from a reader's
position up to an end, and lines that are not in the log.
"""

import time
from collections.abc import Iterable
from typing import Protocol

from papayad.cluster.tie import Tie
from papayad.formats import compat
from papayad.log.reader import Reader
from papayad.net.tls import TLS

CHUNK = 262144  # bytes of one sendfile; the file position, which shows the lag, moves after it
_BLOCK = 65536
_BETWEEN_PIECES = 0.02  # seconds that papayaChat's client has to read one before the next comes


class Outlet(Protocol):
    def log(self, reader: Reader, end: int) -> None:
        """Send from the reader's offset up to `end`; waits for a slow client.

        Raises OSError, and the reader's Pruned and Missing.
        """

    def line(self, data: bytes) -> None:
        """Send whole lines that are not in the log."""

    def close(self) -> None:
        """End the stream in good order."""


class PlainOutlet:
    """Uses sendfile from the page cache: the bytes never pass through this process."""

    def __init__(self, descriptor: int, tie: Tie) -> None:
        self.descriptor = descriptor
        self._write, self._send_file = tie.write, tie.send_file

    def log(self, reader: Reader, end: int) -> None:
        while reader.offset < end:
            most = min(end, reader.stop, reader.offset + CHUNK) - reader.offset
            if most > 0 and (
                sent := self._send_file(self.descriptor, reader.descriptor, None, most)
            ):
                reader.offset += sent
            else:
                reader.advance()

    def line(self, data: bytes) -> None:
        while data:
            data = data[self._write(self.descriptor, data) :]

    def close(self) -> None:
        """Nothing to do: the kernel ends the stream when the last descriptor closes."""


class TLSOutlet:
    def __init__(self, plain: PlainOutlet, tls: TLS) -> None:
        self.descriptor = plain.descriptor
        self.encryption = tls.encryption()
        self._plain = plain
        self._tls = tls

    def log(self, reader: Reader, end: int) -> None:
        while reader.offset < end:
            self.line(reader.read_on(end, _BLOCK))

    def line(self, data: bytes) -> None:
        if data:
            self._plain.line(self._tls.encrypt(data))

    def close(self) -> None:
        self._plain.line(self._tls.close_notify())


class CompatOutlet:
    """`name: text` for each record and nothing else, for papayaChat's original clients.

    Theirs shows of one read(2) what comes before the first NUL, so there is a pause between two
    pieces; who has turned out to be another program gets lines as they come.
    """

    def __init__(self, outlet: PlainOutlet | TLSOutlet) -> None:
        self._outlet = outlet
        self._end = compat.UNKNOWN_END
        self._last = 0.0  # when a piece was sent

    def log(self, reader: Reader, end: int) -> None:
        partial = b""
        while reader.offset < end:
            block = partial + reader.read_on(end, _BLOCK)
            *lines, partial = block.split(b"\n")
            self._send(map(compat.render_record, lines))

    def line(self, data: bytes) -> None:
        """There are no notices in papayaChat's protocol; RECV says here which client it is."""
        if compat.ORIGINAL in data:
            self._end = compat.ORIGINAL_END
        elif compat.PLAIN in data:
            self._end = compat.PLAIN_END

    def _send(self, lines: Iterable[bytes]) -> None:
        if self._end == compat.PLAIN_END:
            self._outlet.line(b"".join(lines))
            return
        for piece in compat.pieces(lines):
            if (left := self._last + _BETWEEN_PIECES - time.monotonic()) > 0:
                time.sleep(left)
            self._outlet.line(piece + self._end)
            self._last = time.monotonic()

    def close(self) -> None:
        self._outlet.close()
