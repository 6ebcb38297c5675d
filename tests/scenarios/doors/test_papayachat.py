"""papayaChat's original clients: 128 bytes of token, then raw lines (design section 3)."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from lab.kit.room import Peer, Room, wait_for
from lab.kit.tls import TLSPeer
from papayad.formats.wire import Greeting, Hello, Refusal
from tests.conftest import MakeRoom


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    limits = {"max_clients_per_user": 1000, "auth_seconds": 3600.0}
    with closing(Room("optional", listen={"papayachat_compat": True}, limits=limits)) as room:
        room.start()
        yield room


def join_original(room: Room, user: str) -> Peer:
    """A client as papayaChat's: it says its token, and is answered by nothing but lines."""
    peer = room.peer()
    peer.send(room.token(user).encode())
    wait_until_in(room, peer)
    return peer


def wait_until_in(room: Room, peer: Peer) -> None:
    own = f"127.0.0.1:{peer.socket.getsockname()[1]}"
    wait_for(lambda: own in [entry.peer for entry in room.entries()])


def test_text_arrives_without_the_name_in_front(room: Room) -> None:
    alice, bob, carol = join_original(room, "alice"), join_original(room, "bob"), room.join("carol")
    alice.send(b"alice: hello, bob\n")
    for peer in (alice, bob):
        assert b"alice: hello, bob" in peer.read_until(b"hello, bob\n").splitlines()
    carol.read_until(b" alice - hello, bob\n")


def test_the_token_alone_names_the_sender(room: Room) -> None:
    alice, bob = join_original(room, "alice"), join_original(room, "bob")
    alice.send(b"bob: I owe alice 100\nno name\nalice: a: b: c\n")
    bob.read_until(b"alice: I owe alice 100\nalice: no name\nalice: a: b: c\n")


def test_both_protocols_in_one_room(room: Room) -> None:
    alice, carol = join_original(room, "alice"), room.join("carol")
    for number in range(20):
        carol.send(b"MSG c%d question: %d\nPING x\n" % (number, number))
        alice.read_until(b"\ncarol: question: %d\n" % number)
        alice.send(b"alice: answer %d\n" % number)
        carol.read_until(b" alice - answer %d\n" % number)
    for line in alice.stream.splitlines():
        assert line.partition(b": ")[0] in (b"alice", b"carol", b"*")  # and no notice


def test_the_hello_may_come_in_pieces_or_with_lines(room: Room) -> None:
    token = room.token("alice").encode()
    alice = room.peer()
    for place in range(0, 128, 16):
        alice.send(token[place : place + 16])
    wait_until_in(room, alice)
    bob = room.peer()
    bob.send(room.token("bob").encode() + b"bob: early\nbob: late")
    bob.read_until(b"bob: early\n")
    bob.send(b"r\n")
    bob.read_until(b"bob: later\n")


def test_the_first_byte_tells(room: Room) -> None:
    """TLS, PAPAYA/1 over TLS, theirs over TLS, PAPAYA/1 plain."""
    over_tls = TLSPeer(room.socket())
    room.peers.append(over_tls)
    assert isinstance(over_tls.hello(Hello(room.token("alice"))), Greeting)
    theirs = TLSPeer(room.socket())
    room.peers.append(theirs)
    theirs.send(room.token("bob").encode())
    theirs.read_until(b"*: join bob\n")  # an older one or its own
    over_tls.send(b"MSG - to all\n")
    theirs.read_until(b"alice: to all\n")


@pytest.mark.parametrize("token", [b"0" * 128, b"f" * 127 + b"\n", b"e" + b"\xff" * 200])
def test_a_wrong_token_is_closed(room: Room, token: bytes) -> None:
    peer = room.peer()
    peer.send(token)
    answer = peer.answer()
    assert isinstance(answer, Refusal)
    assert answer.reason == "auth"
    assert peer.read_to_close() == b""


def test_what_cannot_be_said_is_left_out(room: Room) -> None:
    """There is no way to tell them; the connection lives."""
    alice = join_original(room, "alice")
    alice.send(b"alice: \nalice: \x1b\x07\nalice: \xff\nalice: " + b"x" * 10_000 + b"\n\n")
    alice.send(b"alice: \x1b[31mred\x07\n")
    assert alice.read_until(b"red\n").endswith(b"join alice\nalice: [31mred\n")


def test_history_looks_the_same() -> None:
    limits = {"history_lines": 2}
    with closing(Room(listen={"papayachat_compat": True}, limits=limits)) as other:
        other.start()
        carol = other.join("carol", presence=False)
        carol.send(b"MSG - one\nMSG - two\nMSG - three\n")
        carol.read_until(b" carol - three\n")
        alice = join_original(other, "alice")
        stream = alice.read_until(b"*: join alice\n")
    assert stream in (
        b"carol: two\ncarol: three\n*: join alice\n",  # history, and then what is new
        b"carol: three\n*: join alice\n",  # which was history already
    )


def test_a_long_history_is_whole_lines() -> None:
    """Longer than what is read and rendered at once."""
    limits = {"history_lines": 1000, "message_burst": 1000}
    with closing(Room(listen={"papayachat_compat": True}, limits=limits)) as other:
        other.start()
        carol = other.join("carol", presence=False)
        said = [b"%d " % number + b"x" * 1500 for number in range(100)]
        carol.send(b"".join(b"MSG - " + text + b"\n" for text in said))
        carol.ping()
        stream = join_original(other, "alice").read_until(b"*: join alice\n")
    assert stream == b"".join(b"carol: " + text + b"\n" for text in said) + b"*: join alice\n"


def test_they_are_strangers_where_they_are_not_expected(make_room: MakeRoom) -> None:
    room = make_room()
    peer = room.peer()
    peer.send(room.token("alice").encode() + b"alice: hello\n")
    answer = peer.answer()
    assert isinstance(answer, Refusal)
    assert answer.reason == "protocol"
