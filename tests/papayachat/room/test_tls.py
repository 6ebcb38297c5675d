"""TLS: the certificate of the invite and no other, before a byte of the token leaves."""

import ssl
from contextlib import suppress
from pathlib import Path

import pytest

from lab.kit import certificate
from lab.kit.terminal.scripted import ScriptedRoom
from papayachat.disk import profile as profiles
from papayad.errors import CONFIGURATION, UNAVAILABLE
from papayad.formats import invite, pin
from tests.papayachat.conftest import Chat


@pytest.fixture
def server(tmp_path: Path) -> tuple[ssl.SSLContext, str]:
    """A server's side, and the pin of its certificate."""
    path, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.make(path, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    context.num_tickets = 0
    der = ssl.PEM_cert_to_DER_cert(path.read_text())
    return context, pin.of_certificate(der)


def save(room: ScriptedRoom) -> None:
    profiles.save(profiles.make(invite.parse(room.invite), "main", plain=False))


def test_the_pinned_certificate_is_enough(chat: Chat, server: tuple[ssl.SSLContext, str]) -> None:
    with ScriptedRoom(*server) as room:
        save(room)
        for _ in range(300):
            room.commit("x" * 1000)
        program = chat("send", "hello")
        peer = room.greeted()
        assert isinstance(peer.stream, ssl.SSLSocket)
        assert peer.stream.version() == "TLSv1.3"
        message = peer.message()
        peer.cut()
        peer = room.greeted()
        assert peer.message() == message
        peer.accept(message)
        assert program.code() == 0


def test_a_large_history_over_tls(chat: Chat, server: tuple[ssl.SSLContext, str]) -> None:
    with ScriptedRoom(*server) as room:
        save(room)
        for number in range(3000):
            room.commit(f"number {number} " + "x" * 300)
        program = chat("tail", "-f")
        room.greeted()
        seen = [program.read_line() for _ in range(3000)]
        assert ("\n".join(seen) + "\n").encode() == room.log


def test_another_certificate_gets_no_byte(chat: Chat, server: tuple[ssl.SSLContext, str]) -> None:
    with ScriptedRoom(server[0], f"spki:{'0' * 64}") as room:
        save(room)
        program = chat("send", "hello")
        stream = room.handshake()
        with suppress(ssl.SSLError):
            assert stream.recv(1) == b""
        stream.close()
        assert program.code() == CONFIGURATION
        assert program.err.count("\n") == 1
        assert "certificate" in program.err and "join again" in program.err


def test_without_a_pin_the_system_decides(chat: Chat, server: tuple[ssl.SSLContext, str]) -> None:
    with ScriptedRoom(server[0]) as room:
        save(room)
        program = chat("send", "hello")
        with pytest.raises(ssl.SSLError):
            room.handshake().recv(1)
        assert program.code() == CONFIGURATION
        assert "not trusted" in program.err


def test_nothing_below_tls_1_3(chat: Chat, server: tuple[ssl.SSLContext, str]) -> None:
    context, known = server
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with ScriptedRoom(context, known) as room:
        save(room)
        program = chat("send", "hello")
        with pytest.raises(ssl.SSLError):
            room.handshake()
        assert program.code() == UNAVAILABLE
        assert program.err.endswith(": it does not speak TLS 1.3\n")


def test_what_openssl_says_is_not_for_a_person(chat: Chat, room: ScriptedRoom) -> None:
    """A port that speaks something else."""
    save(room)
    program = chat("send", "hello")
    with room.handshake() as stream:
        stream.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        assert program.code() == UNAVAILABLE
    assert program.err.endswith(": it does not speak TLS 1.3\n")


def test_an_eviction_during_the_handshake_is_tried_again(
    chat: Chat, server: tuple[ssl.SSLContext, str]
) -> None:
    context, known = server
    with ScriptedRoom(context, known) as room:
        save(room)
        program = chat("send", "hello")
        for _ in range(2):
            room.unsecured().close()
        peer = room.greeted()
        peer.accept(peer.message())
        assert program.code() == 0
