"""TLS across two processes: the acceptor shakes hands, RECV only decrypts, SEND alone emits (8)."""

import os
import select
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import IO

import pytest

from lab.kit import tls
from lab.kit.machine import kernel
from lab.kit.room import PATIENCE, Peer, Room, wait_for
from lab.kit.tls import TLSPeer
from papayad.formats.wire import Greeting, Hello, Refusal, render_hello
from tests.conftest import MakeRoom

MANY = {"max_clients_per_user": 1000, "max_pending_per_source": 1000}
HANDSHAKES = {  # half of one, each
    "a byte": b"\x16",
    "a header": b"\x16\x03\x01\x02\x00",
    "a wrong length": b"\x16\x03\x01\x00\x05\x01\x00\x01\xfc",
}


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    """Its `auth_seconds` never pass."""
    with closing(Room("required", limits={"auth_seconds": 3600.0} | MANY)) as room:
        room.start()
        yield room


def join(room: Room, user: str) -> TLSPeer:
    peer = TLSPeer(room.socket())
    room.peers.append(peer)
    assert isinstance(peer.hello(Hello(room.token(user), last=0)), Greeting)
    return peer


def test_a_conversation(room: Room) -> None:
    alice, bob = join(room, "alice"), room.join("bob")
    for number in range(20):
        alice.send(b"MSG - question %d\n" % number)
        bob.read_until(b" alice - question %d\n" % number)
        bob.send(b"MSG - answer %d\n" % number)
        alice.read_until(b" bob - answer %d\n" % number)


def test_a_stream_is_the_log_byte_for_byte(room: Room) -> None:
    """Also where it is longer than a TLS record and came before the client."""
    alice = join(room, "alice")
    for number in range(90):
        alice.send(b"MSG - %d " % number + b"x" * 8000 + b"\n")
    alice.ping()
    late = join(room, "bob")
    assert late.greeting
    start = late.greeting.offset
    again = TLSPeer(room.socket())
    room.peers.append(again)
    whole = again.hello(Hello(room.token("carol"), since=0, log=late.greeting.log))
    assert isinstance(whole, Greeting)
    assert whole.offset == 0
    again.ping()
    assert again.records()[:start] == room.log()[:start]


def test_a_refusal_is_encrypted_and_ends_in_good_order(room: Room) -> None:
    peer = TLSPeer(room.socket())
    answer = peer.hello(Hello("0" * 128))
    assert isinstance(answer, Refusal)
    assert answer.reason == "auth"
    assert peer.read_to_close() == b""
    peer.close()


def test_the_end_is_told(room: Room) -> None:
    alice = join(room, "alice")
    alice.send(b"?\n?\n?\n")
    assert alice.read_to_close().endswith(b"! bye protocol\n")  # and no SSLEOFError


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x17\x03\x03\x00\x40" + bytes(64),
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x16\x03\x01\x00\x05hello",
        b"\x17\x03\x03\xff\xff" + bytes(65535),
        b"GET / HTTP/1.0\r\n\r\n",
        bytes(100_000),
    ],
    ids=["record", "alert", "handshake", "too large", "text", "zeros"],
)
def test_garbage_in_the_stream_makes_recv_emit_nothing(room: Room, garbage: bytes) -> None:
    """A byte of RECV's would use a sequence number of SEND's: what came must decrypt to its end."""
    alice, bob = join(room, "alice"), room.join("bob")
    bob.send(b"MSG - before\n")
    alice.read_until(b" bob - before\n")
    alice.wire.plain.sendall(garbage)
    bob.send(b"MSG - meanwhile\n")
    alice.read_to_close()
    assert tls.CONTENT_ALERT not in tls.record_types(alice.wire.raw)
    bob.read_until(b" * - part alice\n")


def test_garbage_instead_of_a_hello_ends_the_connection(room: Room) -> None:
    """Nothing is split yet: here the acceptor may answer with an alert, and does."""
    peer = TLSPeer(room.socket())
    peer.wire.plain.sendall(b"\x17\x03\x03\x00\x40" + bytes(64))
    with pytest.raises(ssl.SSLError, match="ALERT"):
        peer.read_to_close()
    peer.close()
    room.join("bob").ping()


@contextmanager
def s_client(room: Room) -> Iterator["subprocess.Popen[bytes]"]:
    """`openssl s_client`, where a line that is K or k asks for a KeyUpdate."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl command")
    command = [openssl, "s_client", "-connect", f"127.0.0.1:{room.port}", "-quiet", "-no_ign_eof"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def hear(file: IO[bytes], words: bytes) -> None:
    heard = b""
    while words not in heard:
        assert select.select([file], [], [], PATIENCE)[0], heard
        data = os.read(file.fileno(), 65536)
        assert data, heard
        heard += data


def test_key_updates_pass(room: Room) -> None:
    """A client's alone (k), and with one asked of the server (K), which RECV cannot give."""
    bob = room.join("bob")
    with s_client(room) as client:
        assert client.stdin
        assert client.stdout
        assert client.stderr
        client.stdin.write(render_hello(Hello(room.token("alice"), last=0)))
        hear(client.stdout, b"+ PAPAYA/1 name=alice ")
        for number, update in enumerate(b"kKKk"):
            client.stdin.write(b"%c\n" % update)
            hear(client.stderr, b"KEYUPDATE")
            client.stdin.write(b"MSG - updated %d\n" % number)
            hear(client.stdout, b" alice - updated %d\n" % number)
            bob.send(b"MSG - seen %d\n" % number)
            hear(client.stdout, b" bob - seen %d\n" % number)


def test_tls_1_2_is_refused(room: Room) -> None:
    context = tls.context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with room.socket() as plain, pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        context.wrap_socket(plain)
    assert join(room, "alice").wire.tls.version() == "TLSv1.3"


def test_a_plain_hello_is_told_what_the_room_speaks(room: Room) -> None:
    with room.socket() as plain:
        peer = Peer(plain)
        answer = peer.hello(Hello(room.token("alice")))
        assert answer == Refusal("protocol", "this room speaks TLS only")
        assert peer.read_to_close() == b""


def test_no_session_is_to_be_resumed(room: Room) -> None:
    """A ticket would come after the handshake, when SEND alone may emit."""
    alice = join(room, "alice")
    alice.ping()
    session = alice.wire.tls.session
    assert session
    assert not session.has_ticket


def test_bytes_behind_the_hello_are_recvs(room: Room) -> None:
    """In the same TLS record as the hello, in the next, and in half of one."""
    peer = TLSPeer(room.socket())
    room.peers.append(peer)
    hello = render_hello(Hello(room.token("alice"), last=0))
    whole = []
    for data in (hello + b"MSG a1 same\nMSG a2 ha", b"lf\nMSG a3 next\n", b"PING 1\n"):
        peer.wire.tls.write(data)
        whole.append(peer.wire._outgoing.read())
    together = b"".join(whole)
    peer.wire.plain.sendall(together[:-10])
    assert isinstance(peer.answer(), Greeting)
    peer.read_until(b" alice a3 next\n")
    peer.wire.plain.sendall(together[-10:])
    stream = peer.read_until(b"! pong 1\n")
    assert [b" %s\n" % text in stream for text in (b"same", b"half", b"next")] == [True] * 3


@pytest.mark.parametrize("start", HANDSHAKES)
def test_half_a_handshake_ends_in_time(make_room: MakeRoom, start: str) -> None:
    room = make_room("required", limits={"auth_seconds": 0.3})
    with room.socket() as half:
        half.sendall(HANDSHAKES[start])
        assert half.recv(1) == b""  # and nothing is revealed
    room.join("alice").ping()


def test_abandoned_handshakes_leave_nothing(make_room: MakeRoom) -> None:
    room = make_room("required", limits=MANY)
    acceptor = room.acceptor()
    before = kernel.descriptors(acceptor)
    for start in [*HANDSHAKES.values(), *[ClientHello().bytes[:cut] for cut in (20, 200, 10_000)]]:
        for _ in range(10):
            with room.socket() as half:
                half.sendall(start)
    wait_for(lambda: len(kernel.descriptors(acceptor)) == len(before))
    assert kernel.children(acceptor) == []
    assert [int(name) for name in os.listdir(room.state_dir / "roster")] == []
    room.join("alice").ping()


class ClientHello:
    """The first flight of a client, as bytes."""

    def __init__(self) -> None:
        outgoing = ssl.MemoryBIO()
        client = tls.context().wrap_bio(ssl.MemoryBIO(), outgoing)
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        self.bytes = outgoing.read()


def test_both_kinds_meet_where_tls_is_optional(make_room: MakeRoom) -> None:
    room = make_room("optional")
    alice, bob = join(room, "alice"), room.join("bob")
    alice.send(b"MSG - encrypted\n")
    bob.read_until(b" alice - encrypted\n")
    bob.send(b"MSG - plain\n")
    alice.read_until(b" bob - plain\n")


def test_a_handshake_where_tls_is_off(make_room: MakeRoom) -> None:
    room = make_room()
    with socket.create_connection(("127.0.0.1", room.port), PATIENCE) as plain:
        plain.sendall(ClientHello().bytes)
        peer = Peer(plain)
        assert peer.answer() == Refusal("protocol", "this room does not speak TLS")
