"""What a client sends is bounded, cleaned, answered; the connection lives (design section 3)."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from lab.kit.room import Peer, Room
from papayad.formats.wire import Greeting, Hello, render_hello
from tests.conftest import MakeRoom

LIMIT = 8192
BULK = 10_000_000
CONTROLS = "\0\a\x1b\r\v\x7f\x80\x85\x9b\x9f"  # of C0, DEL, of C1
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with closing(Room(limits={"max_clients_per_user": 1000})) as room:
        room.start()
        yield room


@pytest.fixture
def peer(room: Room) -> Peer:
    return room.join("alice", last=0)


def texts(peer: Peer, id: str) -> list[bytes]:
    """The texts of the records with this ID that the peer was sent."""
    lines = [line.split(b" ", 3) for line in peer.records().split(b"\n") if line]
    return [words[3] for words in lines if words[2] == id.encode()]


def errors(peer: Peer) -> list[bytes]:
    return [line for line in peer.stream.split(b"\n") if line.startswith(b"! error ")]


def test_a_line_of_10_megabytes(peer: Peer) -> None:
    peer.send(b"MSG long " + b"x" * BULK)
    peer.read_until(b"! error too-long long 8192\n")  # before its LF: at once
    peer.send(b"\nMSG short1 next\n")
    peer.ping()
    assert len(errors(peer)) == 1
    assert texts(peer, "long") == []
    assert texts(peer, "short1") == [b"next"]


def test_the_longest_line(peer: Peer) -> None:
    head = b"MSG whole "
    peer.send(head + b"x" * (LIMIT - len(head)) + b"\n")
    peer.send(b"MSG above " + b"x" * (LIMIT + 1 - len(head)) + b"\n")
    peer.ping()
    assert texts(peer, "whole") == [b"x" * (LIMIT - len(head))]
    assert errors(peer) == [b"! error too-long above 8192"]


@pytest.mark.parametrize("unsafe", [*CONTROLS, *BIDI], ids=ascii)
def test_what_could_drive_a_terminal_is_removed(room: Room, peer: Peer, unsafe: str) -> None:
    peer.send(f"MSG id1 {unsafe}red[31m{unsafe}{unsafe}\ttab\u2028line{unsafe}\n".encode())
    peer.ping()
    assert texts(peer, "id1") == ["red[31m\ttab\u2028line".encode()]
    assert unsafe.encode() not in room.log()


@pytest.mark.parametrize(
    "bad", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80"]
)
def test_what_is_not_utf_8(room: Room, peer: Peer, bad: bytes) -> None:
    peer.send(b"MSG id2 before " + bad + b" behind\n")
    peer.ping()
    assert [line.startswith(b"! error encoding id2 ") for line in errors(peer)] == [True]
    assert texts(peer, "id2") == []
    room.log().decode()


@pytest.mark.parametrize("nothing", ["", "\x1b", "\0\x7f\u202e", "\r"], ids=ascii)
def test_nothing_is_left(peer: Peer, nothing: str) -> None:
    peer.send(f"MSG id3 {nothing}\n".encode())
    peer.ping()
    assert [line.startswith(b"! error empty id3 ") for line in errors(peer)] == [True]
    assert texts(peer, "id3") == []


def test_final_errors_end_no_connection(peer: Peer) -> None:
    peer.send(b"MSG id4 \xff\nMSG id5 \nMSG id6 " + b"x" * LIMIT + b"\n" * 2)
    peer.send(b"MSG id4 \xff\nMSG id5 \nMSG id6 " + b"x" * LIMIT + b"\n")
    peer.send(b"MSG id7 still here\n")
    peer.ping()
    assert texts(peer, "id7") == [b"still here"]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello, world",
        b"MSG",
        b"MSG id",
        b"MSG toolongforanid0000 text",
        b"MSG i/d text",
        b"msg id text",
        b"WHO is there",
        b"PING",
        b"\xff\x00\x1b",
        b"! bye",
        b"* - part alice",
    ],
)
def test_the_third_line_that_is_none_is_the_last(room: Room, peer: Peer, line: bytes) -> None:
    other = room.join("bob", last=0)
    peer.send(line + b"\n" + line + b"\n")
    peer.ping()
    assert [one.startswith(b"! error protocol - ") for one in errors(peer)] == [True] * 2
    peer.send(line + b"\nMSG late too late\n")
    assert peer.read_to_close().endswith(b"! bye protocol\n")
    assert len(errors(peer)) == 3
    other.read_until(b" * - part alice\n")
    other.ping()
    assert texts(other, "late") == []


def test_the_last_words_arrive_though_the_client_goes_on_writing(peer: Peer) -> None:
    peer.send(b"?\n?\n?\n")
    for _ in range(100):
        peer.send(b"MSG - said to nobody\n" * 1000)
    assert peer.read_to_close().endswith(b"! bye protocol\n")


def test_a_pong_gives_back_no_more_than_it_may(peer: Peer) -> None:
    peer.send(b"PING \x1b[2J\xff\xc2\x9b\n")
    peer.read_until("! pong [2J\N{REPLACEMENT CHARACTER}\n".encode())


def test_what_comes_with_the_hello_is_in_the_stream(make_room: MakeRoom) -> None:
    """Guards: the stream's start is taken before RECV may append (design section 3)."""
    room = make_room(limits={"max_clients_per_user": 100})
    for number in range(30):
        peer = room.peer()
        peer.send(render_hello(Hello(room.token("alice"), last=0)) + b"MSG n%d early\n" % number)
        assert isinstance(peer.answer(), Greeting)
        peer.read_until(b" alice n%d early\n" % number)
