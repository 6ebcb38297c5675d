"""A TLS client whose raw bytes a test sees: an SSLObject between two MemoryBIOs."""

import socket
import ssl
from dataclasses import dataclass

from lab.kit.room import PATIENCE, Peer

CONTENT_ALERT = 21  # the type of a TLS record (RFC 8446, 5.1)


def context() -> ssl.SSLContext:
    """The context of a client that trusts any server, but expects a close_notify at the end."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


@dataclass
class RawSocket:
    """What Peer needs of a socket. `raw` is every byte that came, still encrypted."""

    plain: socket.socket
    raw: bytes = b""

    def __post_init__(self) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context().wrap_bio(self._incoming, self._outgoing)
        while not self._handshake():
            assert self._receive()

    def settimeout(self, seconds: float) -> None:
        self.plain.settimeout(seconds)

    def sendall(self, data: bytes) -> None:
        self.tls.write(data)
        self.flush()

    def recv(self, size: int) -> bytes:
        """Decrypted bytes; b"" after a close_notify. Raises ssl.SSLError for anything broken."""
        while True:
            try:
                return self.tls.read(size)
            except ssl.SSLWantReadError:
                self._receive()

    def flush(self) -> None:
        self.plain.sendall(self._outgoing.read())

    def close(self) -> None:
        self.plain.close()

    def certificate(self) -> bytes:
        found = self.tls.getpeercert(binary_form=True)
        assert found
        return found

    def _handshake(self) -> bool:
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            self.flush()
        return True

    def _receive(self) -> bool:
        data = self.plain.recv(65536)
        self.raw += data
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return bool(data)


class TLSPeer(Peer):
    """A client over TLS. `wire` is the socket below."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        self.wire = RawSocket(connection)
        super().__init__(self.wire)  # type: ignore[arg-type]


def record_types(raw: bytes) -> list[int]:
    """The types of the TLS records in a stream, by their headers."""
    types = []
    while raw:
        types.append(raw[0])
        raw = raw[5 + int.from_bytes(raw[3:5], "big") :]
    return types
