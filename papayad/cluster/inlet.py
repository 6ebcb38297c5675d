"""What comes from a client's socket, decrypted (design section 8). Used by RECV only."""

import ssl
from typing import Protocol

from papayad.cluster.tie import Tie
from papayad.net.tls import TLS

_CHUNK = 65536


class Inlet(Protocol):
    def read(self) -> bytes:
        """Waits for bytes; b"" when the client is gone, by its EOF or by any error."""


class PlainInlet:
    """read(2) rather than recv(2), so that the kernel counts the bytes in /proc/PID/io."""

    def __init__(self, descriptor: int, tie: Tie) -> None:
        self._descriptor = descriptor
        self._read = tie.read

    def read(self) -> bytes:
        try:
            return self._read(self._descriptor, _CHUNK)
        except OSError:  # reset, timed out, unreachable: in each case the client is gone
            return b""


class TLSInlet:
    """Decrypts and sends nothing: whatever OpenSSL wants to answer is dropped."""

    def __init__(self, plain: PlainInlet, tls: TLS) -> None:
        self._plain = plain
        self._tls = tls

    def read(self) -> bytes:
        while True:
            try:
                data = self._tls.decrypt()
            except ssl.SSLError:  # garbage, or no close_notify: the client resumes by its cursor
                return b""
            finally:
                self._tls.pending_output()
            if data is not None:
                return data
            self._tls.feed(self._plain.read())
