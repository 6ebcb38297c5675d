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


def lines_of(stream: bytes) -> list[bytes]:
    """What a person sees of a stream: NUL ends what was sent at once, be there an LF or not."""
    return stream.replace(b"\n\0", b"\n").replace(b"\0", b"\n").splitlines()


def read_line(peer: Peer, line: bytes) -> list[bytes]:
    """Read until a line is whole; everything up to it."""
    while line not in (lines := lines_of(peer.stream))[:-1] and not (
        line in lines and peer.stream[-1:] in (b"\n", b"\0")
    ):
        data = peer.receive()
        assert data, f"closed before {line!r}"
        peer.stream += data
    return lines


def test_text_arrives_without_the_name_in_front(room: Room) -> None:
    alice, bob, carol = join_original(room, "alice"), join_original(room, "bob"), room.join("carol")
    alice.send(b"alice: hello, bob\n")
    for peer in (alice, bob):
        read_line(peer, b"alice: hello, bob")
    carol.read_until(b" alice - hello, bob\n")


def test_the_token_alone_names_the_sender(room: Room) -> None:
    alice, bob = join_original(room, "alice"), join_original(room, "bob")
    alice.send(b"bob: I owe alice 100\nno name\nalice: a: b: c\n")
    assert read_line(bob, b"alice: a: b: c")[-3:] == [
        b"alice: I owe alice 100",
        b"alice: no name",
        b"alice: a: b: c",
    ]


def test_both_protocols_in_one_room(room: Room) -> None:
    alice, carol = join_original(room, "alice"), room.join("carol")
    for number in range(20):
        carol.send(b"MSG c%d question: %d\nPING x\n" % (number, number))
        read_line(alice, b"carol: question: %d" % number)
        alice.send(b"alice: answer %d\n" % number)
        carol.read_until(b" alice - answer %d\n" % number)
    for line in lines_of(alice.stream):
        assert line.partition(b": ")[0] in (b"alice", b"carol", b"*")  # and no notice


def test_the_hello_may_come_in_pieces_or_with_lines(room: Room) -> None:
    token = room.token("alice").encode()
    alice = room.peer()
    for place in range(0, 128, 16):
        alice.send(token[place : place + 16])
    wait_until_in(room, alice)
    bob = room.peer()
    bob.send(room.token("bob").encode() + b"bob: early\nbob: late")
    read_line(bob, b"bob: early")
    bob.send(b"r\n")
    read_line(bob, b"bob: later")


def test_the_first_byte_tells(room: Room) -> None:
    """TLS, PAPAYA/1 over TLS, theirs over TLS, PAPAYA/1 plain."""
    over_tls = TLSPeer(room.socket())
    room.peers.append(over_tls)
    assert isinstance(over_tls.hello(Hello(room.token("alice"))), Greeting)
    theirs = TLSPeer(room.socket())
    room.peers.append(theirs)
    theirs.send(room.token("bob").encode())
    theirs.read_until(b"*: join bob\n\0")  # an older one or its own
    over_tls.send(b"MSG - to all\n")
    theirs.read_until(b"alice: to all\n\0")


@pytest.mark.parametrize("token", [b"0" * 128, b"f" * 127 + b"\n", b"e" + b"\xff" * 200])
def test_a_wrong_token_is_closed(room: Room, token: bytes) -> None:
    peer = room.peer()
    peer.send(token)
    answer = peer.answer()
    assert isinstance(answer, Refusal)
    assert answer.reason == "auth"
    assert peer.read_to_close() == b""


def test_what_cannot_be_said_is_left_out(room: Room) -> None:
    """There is no way to tell them; the connection lives. What is not UTF-8 is replaced."""
    alice = join_original(room, "alice")
    alice.send(b"alice: \nalice: \x1b\x07\nalice: gr\xfc\xdfe\nalice: " + b"x" * 10_000 + b"\n\n")
    alice.send(b"alice: \x1b[31mred\x07\n")
    assert read_line(alice, b"alice: [31mred")[-3:] == [
        b"*: join alice",
        "alice: gr\ufffd\ufffde".encode(),
        b"alice: [31mred",
    ]


def test_each_kind_gets_the_end_that_it_understands(room: Room) -> None:
    """Theirs needs a NUL, and after an LF it shows an empty line; nc needs lines."""
    original, plain = join_original(room, "alice"), join_original(room, "bob")
    carol = room.join("carol")
    carol.send(b"MSG - for both\n")
    for peer in (original, plain):
        peer.read_until(b"carol: for both\n\0")
    original.send(b"alice: I am theirs\n")
    plain.send(b"this is typed: and sent by nc\n")
    for peer in (original, plain):  # what each said may come before it is known which it is
        read_line(peer, b"alice: I am theirs")
        read_line(peer, b"bob: this is typed: and sent by nc")
    carol.send("MSG - one\u2028two\n".encode())
    original.read_until(b"carol: one\n       two\0")
    plain.read_until(b"carol: one\n       two\n")
    carol.send(b"MSG - last\n")  # which it is may be known a moment after what it said was seen
    plain.read_until(b"carol: last\n")
    assert plain.stream.endswith(b"carol: last\n")


def test_history_looks_the_same() -> None:
    limits = {"history_lines": 2}
    with closing(Room(listen={"papayachat_compat": True}, limits=limits)) as other:
        other.start()
        carol = other.join("carol", presence=False)
        carol.send(b"MSG - one\nMSG - two\nMSG - three\n")
        carol.read_until(b" carol - three\n")
        alice = join_original(other, "alice")
        stream = alice.read_until(b"*: join alice\n")
    assert lines_of(stream) in (
        [b"carol: two", b"carol: three", b"*: join alice"],  # history, and then what is new
        [b"carol: three", b"*: join alice"],  # which was history already
    )


def test_history_has_as_many_lines_as_they_show() -> None:
    """In pieces, each of which is one read of theirs at most."""
    limits = {"history_lines": 1000, "message_burst": 1000}
    with closing(Room(listen={"papayachat_compat": True}, limits=limits)) as other:
        other.start()
        carol = other.join("carol", presence=False)
        said = [b"%d " % number + b"x" * 1500 for number in range(100)]
        carol.send(b"".join(b"MSG - " + text + b"\n" for text in said))
        carol.ping()
        stream = join_original(other, "alice").read_until(b"*: join alice\n")
    assert lines_of(stream)[-8:] == [*(b"carol: " + text for text in said[-7:]), b"*: join alice"]
    assert len(lines_of(stream)) <= 9
    assert max(map(len, stream.split(b"\0"))) < 4096


def test_they_are_strangers_where_they_are_not_expected(make_room: MakeRoom) -> None:
    room = make_room()
    peer = room.peer()
    peer.send(room.token("alice").encode() + b"alice: hello\n")
    answer = peer.answer()
    assert isinstance(answer, Refusal)
    assert answer.reason == "protocol"
