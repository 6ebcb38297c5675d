"""A connection before it is anybody's, over a socket pair: never blocks, and says what became."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.kit import certificate, tls
from papayad.acceptor.pending import Closed, Greeted, Pending, Terms
from papayad.formats.wire import Hello, Refusal, parse_answer

PLAIN = Terms(None, True, False)
TOKEN = "0123456789abcdef" * 8
HELLO = f"PAPAYA/1 {TOKEN} session=s\n".encode()


class Pair:
    """The peer's end, and the Pending at the other."""

    def __init__(self) -> None:
        self.peer, its = socket.socketpair()
        its.setblocking(False)
        self.peer.settimeout(5)
        self.pending = Pending(its, ("203.0.113.7", 51234), "source", 1.0)

    def close(self) -> None:
        self.peer.close()
        self.pending.socket.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.close()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Terms:
    """TLS and everything else."""
    path: Path = tmp_path_factory.mktemp("certificate")
    certificate.make(path / "cert.pem", path / "key.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(path / "cert.pem", path / "key.pem")
    return Terms(context, True, True)


def test_nothing_is_there_yet(pair: Pair) -> None:
    assert pair.pending.advance(PLAIN) is None


def test_a_hello(pair: Pair) -> None:
    pair.peer.sendall(HELLO + b"MSG - early\nMSG - la")
    expected = Greeted(Hello(TOKEN, session="s"), b"MSG - early\nMSG - la", False)
    assert pair.pending.advance(PLAIN) == expected


def test_a_hello_byte_by_byte(pair: Pair) -> None:
    for byte in HELLO[:-1]:
        pair.peer.sendall(bytes([byte]))
        assert pair.pending.advance(PLAIN) is None
    pair.peer.sendall(b"\n")
    assert isinstance(pair.pending.advance(PLAIN), Greeted)


@pytest.mark.parametrize("said", [b"", b"PAPAYA/1 "])
def test_a_peer_that_leaves(pair: Pair, said: bytes) -> None:
    pair.peer.sendall(said)
    pair.peer.close()
    with pytest.raises(Closed):
        while pair.pending.advance(PLAIN) is None:
            pass


@pytest.mark.parametrize(
    ("data", "terms"),
    [
        (b"no hello\n", PLAIN),
        (b"PAPAYA/1 " + b"0" * 1024, PLAIN),
        (b"\x16\x03\x01", PLAIN),
        (HELLO, Terms(None, False, False)),
        (TOKEN.encode() + b"\n", PLAIN),
    ],
    ids=["words", "endless", "TLS", "TLS only", "papayaChat"],
)
def test_a_refusal(pair: Pair, data: bytes, terms: Terms) -> None:
    pair.peer.sendall(data)
    answer = pair.pending.advance(terms)
    assert isinstance(answer, Refusal)
    assert answer.reason == "protocol"
    pair.pending.refuse(answer)
    assert parse_answer(pair.peer.recv(1000).rstrip(b"\n")) == answer
    assert pair.peer.recv(1) == b""


def test_a_refused_peer_is_heard_no_more(pair: Pair) -> None:
    pair.pending.refuse(Refusal("auth", "no"))
    pair.peer.sendall(HELLO)
    assert pair.pending.advance(PLAIN) is None
    pair.peer.close()
    with pytest.raises(Closed):
        pair.pending.advance(PLAIN)


def test_a_refusal_that_cannot_be_sent_is_no_error(pair: Pair) -> None:
    pair.peer.close()
    pair.pending.refuse(Refusal("auth", "no"))


def test_papayachats_token(pair: Pair, both: Terms) -> None:
    pair.peer.sendall(TOKEN[:100].encode())
    assert pair.pending.advance(both) is None
    pair.peer.sendall(TOKEN[100:].encode() + b"alice: hello\n")
    assert pair.pending.advance(both) == Greeted(Hello(TOKEN), b"alice: hello\n", True)


class Client:
    """The peer's TLS, step by step."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = tls.context().wrap_bio(self.incoming, self.outgoing)

    def shake(self, terms: Terms) -> None:
        for _ in range(2):
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.flush()
                assert self.pair.pending.advance(terms) is None
                self.incoming.write(self.pair.peer.recv(65536))
        self.flush()

    def flush(self) -> None:
        self.pair.peer.sendall(self.outgoing.read())


def test_a_hello_over_tls(pair: Pair, both: Terms) -> None:
    client = Client(pair)
    client.shake(both)
    client.tls.write(HELLO + b"MSG - same record\n")
    client.tls.write(b"MSG - next record\n")
    client.flush()
    answer = pair.pending.advance(both)
    rest = b"MSG - same record\nMSG - next record\n"  # RECV's
    assert answer == Greeted(Hello(TOKEN, session="s"), rest, False)


def test_a_record_for_each_byte_is_no_handshake_without_end(pair: Pair, both: Terms) -> None:
    client = Client(pair)
    client.shake(both)
    answer = None
    for byte in b"PAPAYA/1 " + b"x" * 900 + b"\n":  # 23 bytes of TLS around each
        assert answer is None
        client.tls.write(bytes([byte]))
        client.flush()
        answer = pair.pending.advance(both)
    assert answer == Greeted(Hello("x" * 900), b"", False)


def test_a_refusal_over_tls(pair: Pair, both: Terms) -> None:
    client = Client(pair)
    client.shake(both)
    client.tls.write(b"no hello\n")
    client.flush()
    answer = pair.pending.advance(both)
    assert isinstance(answer, Refusal)
    pair.pending.refuse(answer)
    while data := pair.peer.recv(65536):
        client.incoming.write(data)
    assert parse_answer(client.tls.read(1000).rstrip(b"\n")) == answer
    assert client.tls.read(1) == b""  # close_notify


def test_a_handshake_that_is_garbage(pair: Pair, both: Terms) -> None:
    pair.peer.sendall(b"\x16\x03\x01\x00\x05hello")
    with pytest.raises(Closed):
        pair.pending.advance(both)
    assert pair.peer.recv(7)[:1] == bytes([tls.CONTENT_ALERT])


def test_half_a_client_hello_costs_its_bytes(pair: Pair, both: Terms) -> None:
    client = Client(pair)
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.do_handshake()
    flight = client.outgoing.read()
    for part in (flight[:3], flight[3:100]):
        pair.peer.sendall(part)
        assert pair.pending.advance(both) is None
        assert pair.pending.tls is None
        assert not pair.pending.proceeds
    pair.peer.sendall(flight[100:])
    assert pair.pending.advance(both) is None
    assert pair.pending.proceeds


def test_nobody_shakes_hands_with_who_has_left(pair: Pair, both: Terms) -> None:
    client = Client(pair)
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.do_handshake()
    client.flush()
    pair.peer.shutdown(socket.SHUT_WR)
    with pytest.raises(Closed):
        pair.pending.advance(both)
    assert pair.pending.tls is None


def test_who_does_not_listen_is_not_heard_for_ever(pair: Pair) -> None:
    pair.pending.refuse(Refusal("auth", "no"))
    with pytest.raises(Closed):
        for _ in range(1 << 12):
            pair.peer.sendall(b"x" * 65536)
            pair.pending.advance(PLAIN)


def test_nothing_is_said_before_the_handshake_is_done(pair: Pair, both: Terms) -> None:
    pair.peer.sendall(b"\x16\x03\x01")
    assert pair.pending.advance(both) is None
    pair.pending.refuse(Refusal("auth", "no complete hello in time"))
    assert pair.peer.recv(1000) == b""


@pytest.mark.parametrize("length", [0x4000, 1 << 13])
def test_a_handshake_without_end_is_not_kept(pair: Pair, both: Terms, length: int) -> None:
    """OpenSSL would keep 130 KiB of a ClientHello, of each connection."""
    record = b"\x16\x03\x01" + length.to_bytes(2, "big")
    said = record + b"\x01\x01\xff\xf0" + b"x" * 200_000
    answer = None
    while said and answer is None:
        pair.peer.sendall(said[:4096])
        said = said[4096:]
        answer = pair.pending.advance(both)
    assert isinstance(answer, Refusal)
    assert len(said) > 180_000


def test_what_a_peer_waits_for_us_is_not_its_time(pair: Pair) -> None:
    before = pair.pending.deadline
    assert not pair.pending.has_unread()
    pair.peer.sendall(HELLO[:10])
    assert pair.pending.has_unread()
    pair.pending.hear(2.5)
    assert pair.pending.advance(PLAIN) is None
    assert not pair.pending.has_unread()
    assert pair.pending.deadline == before + 2.5
    pair.peer.close()
    assert not pair.pending.has_unread()  # there is an end, and nothing that it waits for
