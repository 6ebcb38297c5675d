"""TLS without a socket: records that are here come together, an error when it is its turn."""

import ssl
from pathlib import Path

import pytest

from lab.kit import certificate, tls
from papayad.net.tls import TLS


class Connection:
    """Both ends, shaken hands; what the client writes is fed to the server by the test."""

    def __init__(self, directory: Path) -> None:
        certificate.make(directory / "cert.pem", directory / "key.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.num_tickets = 0
        context.load_cert_chain(directory / "cert.pem", directory / "key.pem")
        self.server = TLS(context)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.client = tls.context().wrap_bio(self.incoming, self.outgoing)
        while not self._client_shook():
            self.server.feed(self.outgoing.read())
            self.server.handshake()
            self.incoming.write(self.server.pending_output())
        self.server.feed(self.outgoing.read())
        assert self.server.handshake()

    def records(self, *texts: bytes) -> bytes:
        for text in texts:
            self.client.write(text)
        return self.outgoing.read()

    def _client_shook(self) -> bool:
        try:
            self.client.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    return Connection(tmp_path)


def test_all_whole_records_come_together(connection: Connection) -> None:
    data = connection.records(b"one ", b"two ", b"three")
    connection.server.feed(data[:-1])
    assert connection.server.decrypt() == b"one two "
    assert connection.server.decrypt() is None
    connection.server.feed(data[-1:])
    assert connection.server.decrypt() == b"three"


def test_what_came_before_garbage_is_not_lost(connection: Connection) -> None:
    good = connection.records(b"said")
    connection.server.feed(good + b"\x17\x03\x03\x00\x20" + bytes(32))
    assert connection.server.decrypt() == b"said"
    with pytest.raises(ssl.SSLError):
        connection.server.decrypt()


def test_what_came_before_the_end_is_not_lost(connection: Connection) -> None:
    connection.server.feed(connection.records(b"said"))
    connection.server.feed(b"")
    assert connection.server.decrypt() == b"said"
    assert connection.server.decrypt() == b""
