"""Who fails has to wait, who is banned stays out, nobody else is kept out (design section 8)."""

import os
import signal
import socket
import ssl
import time
from contextlib import suppress
from typing import Any

import pytest

from lab.kit.processes import freeze
from lab.kit.room import Peer, Room, wait_for
from papayad.formats import proxy_header
from papayad.formats.wire import Greeting, Hello, Refusal
from papayad.state import bans, penalty
from papayad.state.bans import Ban
from tests.conftest import MakeRoom

OFFENDER = "127.0.0.66"
STRICT: dict[str, Any] = {"penalty_exempt": [], "penalty_half_life": 3600.0}


def guess(room: Room, source: str) -> str:
    """The reason that a wrong token is answered with, "" when the connection is closed at once."""
    try:
        peer = room.peer(source)
        peer.send(b"PAPAYA/1 " + b"0" * 128 + b"\n")
        answer = peer.answer()
    except (AssertionError, ConnectionError):
        return ""
    assert isinstance(answer, Refusal)
    return answer.reason


def guess_until_refused(room: Room, source: str = OFFENDER) -> int:
    """How many guesses a source has."""
    for number in range(100):
        if not guess(room, source):
            return number
    raise AssertionError("never refused")


def may_try(room: Room, source: str) -> bool:
    return guess(room, source) == "auth"


def test_who_guesses_tokens_is_refused_and_nobody_else(make_room: MakeRoom) -> None:
    room = make_room(limits=STRICT)
    alice = room.join("alice")
    assert guess_until_refused(room) == 3
    assert may_try(room, "127.0.0.67")
    room.join("bob")
    alice.ping()
    (known,) = [one for one in penalty.read_all(room.state_dir) if one.source == OFFENDER]
    assert (known.failures, known.reason) == (3, "auth")


def test_a_removed_mark_is_forgiveness(make_room: MakeRoom) -> None:
    room = make_room(limits=STRICT)
    guess_until_refused(room)
    penalty.mark(room.state_dir, OFFENDER).unlink()
    assert guess_until_refused(room) == 3


def test_the_next_acceptor_remembers(make_room: MakeRoom) -> None:
    room = make_room(limits=STRICT)
    guess_until_refused(room)
    room.stop_acceptor(signal.SIGKILL)
    room.start()
    assert guess(room, OFFENDER) == ""


def test_points_fade(make_room: MakeRoom) -> None:
    room = make_room(limits=STRICT | {"penalty_half_life": 1.0})
    guess_until_refused(room)
    wait_for(lambda: may_try(room, OFFENDER))


def test_an_exempt_source_may_always_try(make_room: MakeRoom) -> None:
    room = make_room(limits={"penalty_exempt": ["127.0.0.64/28"]})
    assert [guess(room, OFFENDER) for _ in range(20)] == ["auth"] * 20


@pytest.mark.parametrize("kind", ["garbage", "deadline", "handshake"])
def test_every_kind_of_failure_counts(make_room: MakeRoom, kind: str) -> None:
    room = make_room(tls="optional", limits=STRICT | {"auth_seconds": 0.2})
    with room.socket(OFFENDER) as connection:
        if kind == "garbage":
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        elif kind == "handshake":
            connection.sendall(b"\x16\x03\x01\x00\x05hello")
        while connection.recv(4096):
            pass
    mark = penalty.mark(room.state_dir, OFFENDER)
    wait_for(lambda: mark.exists() and f"reason={kind}" in mark.read_text())


@pytest.mark.parametrize("alert", [True, False], ids=["alert", "close"])
def test_to_decline_the_certificate_is_no_failure(make_room: MakeRoom, alert: bool) -> None:
    """An office is not shut out because some clients there know another key."""
    room = make_room(tls="required", limits=STRICT)
    context = ssl.create_default_context()
    if not alert:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for _ in range(5):
        with room.socket(OFFENDER) as connection, suppress(ssl.SSLCertVerificationError):
            context.wrap_socket(connection, server_hostname="localhost").close()
    says = f"refused declined user=- address={OFFENDER} times=1: it does not take our certificate"
    wait_for(lambda: says in room.journal())
    assert not penalty.mark(room.state_dir, OFFENDER).exists()
    assert may_try(room, OFFENDER)


def test_failures_are_said_once_a_minute_of_each_source(make_room: MakeRoom) -> None:
    room = make_room()
    for _ in range(10):
        guess(room, OFFENDER)
    guess(room, "127.0.0.67")
    line = "refused auth user=- address={} times=1: this token opens nothing here\n"
    assert room.journal().count(line.format(OFFENDER)) == 1
    assert room.journal().count(line.format("127.0.0.67")) == 1
    assert room.journal().count("refused ") == 2


def test_thousands_who_fail_are_little_work_for_the_disk(make_room: MakeRoom) -> None:
    """Their marks and lines are written at a bounded rate; they are penalized at once."""
    room = make_room(limits=STRICT)
    sources = [f"127.0.{2 + number // 250}.{1 + number % 250}" for number in range(300)]
    for source in sources:
        assert guess(room, source) == "auth"
    marks = penalty.directory(room.state_dir)
    assert room.journal().count("refused auth") <= 300
    wait_for(lambda: len(list(marks.iterdir())) == 300)
    assert guess_until_refused(room, sources[-1]) == 2


def ban(room: Room, *known: Ban) -> None:
    bans.write_bans(room.settings.bans, list(known))
    room.settings.bans.chmod(0o644)


def answer_to(room: Room, user: str, source: str = "") -> str:
    answer = room.peer(source).hello(Hello(room.token(user)))
    return answer.reason if isinstance(answer, Refusal) else "+"


def test_the_banned_stay_out_until_it_ends(make_room: MakeRoom) -> None:
    room = make_room()
    now = int(time.time())
    assert answer_to(room, "eve") == "+"
    ban(room, Ban("eve", now), Ban("127.0.0.64/28", now), Ban("bob", now, now - 1))
    assert answer_to(room, "eve") == "banned"
    assert answer_to(room, "alice", OFFENDER) == "banned"
    assert answer_to(room, "alice") == "+"
    assert answer_to(room, "bob") == "+"
    assert "refused banned user=eve address=127.0.0.1 times=1: " in room.journal()
    ban(room)
    assert answer_to(room, "eve") == "+"


def test_a_broken_file_keeps_the_bans(make_room: MakeRoom) -> None:
    room = make_room()
    ban(room, Ban("eve", 1))
    assert answer_to(room, "eve") == "banned"
    room.settings.bans.write_text("eve\n")
    assert answer_to(room, "eve") == "banned"
    assert "bans:1: not a ban" in room.journal()


PROXY = {"proxies": ["127.0.0.9"]}


def proxied(room: Room, host: str, data: bytes = b"") -> Peer:
    peer = room.peer("127.0.0.9")
    peer.send(proxy_header.render(host, 4711) + data)
    return peer


def test_a_proxy_says_whom_it_speaks_for(make_room: MakeRoom) -> None:
    room = make_room(listen=PROXY)
    one = proxied(room, "203.0.113.7")
    assert isinstance(one.hello(Hello(room.token("alice"))), Greeting)
    assert room.entry("alice").peer == "203.0.113.7:4711"
    hello = f"PAPAYA/1 {room.token('bob')}\n".encode()
    assert isinstance(proxied(room, "2001:db8::7", hello).answer(), Greeting)
    assert room.entry("bob").peer == "[2001:db8::7]:4711"


def test_penalties_hit_the_one_behind_the_proxy(make_room: MakeRoom) -> None:
    room = make_room(listen=PROXY, limits=STRICT)
    for _ in range(3):
        proxied(room, "203.0.113.66", b"PAPAYA/1 wrong\n").answer()
    assert proxied(room, "203.0.113.66").receive() == b""
    assert isinstance(proxied(room, "203.0.113.7").hello(Hello(room.token("alice"))), Greeting)
    assert [one.source for one in penalty.read_all(room.state_dir)] == ["203.0.113.66"]


def test_nobody_else_is_believed(make_room: MakeRoom) -> None:
    room = make_room(listen=PROXY)
    peer = room.peer("127.0.0.10")
    peer.send(proxy_header.render("203.0.113.7", 1) + b"\n")
    answer = peer.answer()
    assert isinstance(answer, Refusal)
    assert answer.reason == "protocol"


def test_a_proxy_without_a_header_is_refused_and_costs_nobody(make_room: MakeRoom) -> None:
    room = make_room(listen=PROXY, limits=STRICT)
    for _ in range(10):
        peer = room.peer("127.0.0.9")
        answer = peer.hello(Hello(room.token("alice")))
        assert isinstance(answer, Refusal)
        assert answer.reason == "protocol"
    assert penalty.read_all(room.state_dir) == []


def test_one_who_is_introduced_may_evict_one_who_has_something_to_say(make_room: MakeRoom) -> None:
    """Both at the same turn of the acceptor, which is stopped until both have arrived."""
    room = make_room(listen=PROXY, limits={"max_pending_per_source": 1})
    peers = [proxied(room, "203.0.113.7") for _ in range(5)]
    room.join("alice").ping()  # so all of them are known
    freeze(room.acceptor())
    for peer in peers:
        peer.send(b"no")
    peers += [proxied(room, "203.0.113.7", b"no") for _ in range(5)]
    os.kill(room.acceptor(), signal.SIGCONT)
    room.join("bob").ping()


def test_tls_comes_behind_the_header(make_room: MakeRoom) -> None:
    import ssl

    room = make_room(tls="required", listen=PROXY)
    connection = room.socket("127.0.0.9")
    connection.sendall(proxy_header.render("203.0.113.7", 4711))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    peer = Peer(context.wrap_socket(connection))
    room.peers.append(peer)
    assert isinstance(peer.hello(Hello(room.token("alice"))), Greeting)


def test_more_connections_than_places_keep_no_friend_out(make_room: MakeRoom) -> None:
    room = make_room(limits={"max_pending": 20, "max_pending_per_source": 3})
    crowd: list[socket.socket] = []
    for number in range(100):
        crowd.append(room.socket(f"127.0.1.{number // 2}"))
    assert answer_to(room, "alice") == "+"
    for connection in crowd:
        connection.close()
