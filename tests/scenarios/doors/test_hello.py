"""A hello that is none, or not a good one, is answered, and the room goes on (design section 3).

A connection of the room's own, `alice`, is asked for a pong after each: nobody else notices.
"""

import os
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from lab.kit.room import Peer, Room
from papayad.formats.wire import Refusal
from tests.conftest import MakeRoom

NO_TOKEN = b"0" * 128


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    """Its `auth_seconds` never pass: what is answered here is answered at once."""
    with closing(Room(limits={"auth_seconds": 3600.0, "max_pending_per_source": 100})) as room:
        room.start()
        room.join("alice")
        yield room


@pytest.fixture
def stranger(room: Room) -> Iterator[Peer]:
    yield room.peer()
    room.peers[0].ping(os.urandom(8).hex().encode())


def refused(peer: Peer) -> str:
    """The reason of a refusal, which arrives whole, with the stream's end behind it."""
    answer = peer.answer()
    assert isinstance(answer, Refusal)
    assert peer.read_to_close() == b""
    return answer.reason


@pytest.mark.parametrize("token", [NO_TOKEN, b"0", b"x" * 500, b"=;$(reboot)"])
def test_a_wrong_token(stranger: Peer, token: bytes) -> None:
    stranger.send(b"PAPAYA/1 " + token + b"\n")
    assert refused(stranger) == "auth"


def test_a_token_that_is_not_its_own_line(room: Room, stranger: Peer) -> None:
    stranger.send(b"PAPAYA/1 " + room.token("alice")[:-1].encode() + b"\n")
    assert refused(stranger) == "auth"


@pytest.mark.parametrize(
    "options",
    [
        b"colour=blue",
        b"since=0",
        b"log=00",
        b"since=0 last=1 log=00",
        b"since=-1 log=00",
        b"last=many",
        b"last=1 last=2",
        b"session=",
        b"session=a/b",
        b"session=" + b"s" * 33,
        b"presence=on",
        b"presence",
        b"last=1 ",
        "session=ü".encode(),
    ],
)
def test_an_option_that_is_none(room: Room, stranger: Peer, options: bytes) -> None:
    stranger.send(b"PAPAYA/1 " + room.token("alice").encode() + b" " + options + b"\n")
    assert refused(stranger) == "protocol"


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"PAPAYA/1\n",
        b"PAPAYA/1 \n",
        b"PAPAYA/2 " + NO_TOKEN + b"\n",
        b"papaya/1 " + NO_TOKEN + b"\n",
        b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x00\n",
        b"\xff\xfe\xfd\n",
        bytes(range(0x17, 256)),
        b"\x16\x03\x01\x02\x00\x01",  # the beginning of a TLS handshake, where TLS is off
    ],
)
def test_what_is_no_hello(stranger: Peer, line: bytes) -> None:
    stranger.send(line.ljust(1024, b"\0") if b"\n" not in line else line)
    assert refused(stranger) == "protocol"


def test_a_hello_of_10_megabytes(stranger: Peer) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        stranger.send(b"PAPAYA/1 " + b"0" * 10_000_000)
    assert refused(stranger) == "protocol"


def test_an_answer_arrives_though_the_peer_goes_on_writing(stranger: Peer) -> None:
    stranger.send(b"PAPAYA/1 " + NO_TOKEN + b"\n")
    with suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(100):
            stranger.send(b"MSG - said to nobody\n" * 1000)
    assert refused(stranger) == "auth"


def test_a_hello_in_single_bytes(room: Room, stranger: Peer) -> None:
    for byte in f"PAPAYA/1 {room.token('bob')}\r\n".encode():
        stranger.send(bytes([byte]))
    assert not isinstance(stranger.answer(), Refusal)


def test_lines_that_come_with_the_hello_are_taken(room: Room, stranger: Peer) -> None:
    stranger.send(f"PAPAYA/1 {room.token('carol')}\nMSG c1 early\nPING 1\n".encode())
    assert not isinstance(stranger.answer(), Refusal)
    assert b" carol c1 early\n" in stranger.read_until(b"! pong 1\n")


@pytest.mark.parametrize("start", [b"", b"PAPAYA/1 ", b"PAPAYA/1 " + NO_TOKEN])
def test_a_late_hello(make_room: MakeRoom, start: bytes) -> None:
    room = make_room(limits={"auth_seconds": 0.3})
    alice, late = room.join("alice"), room.peer()
    late.send(start)
    assert refused(late) == "busy"  # no client gives up for good because of that
    alice.ping()
