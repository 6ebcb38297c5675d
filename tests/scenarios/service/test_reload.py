"""SIGHUP, and changed files: a new one is used, a broken one keeps the old (design section 6)."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.kit import certificate
from lab.kit.machine import kernel
from lab.kit.room import ROOT, Peer, Room, free_port, give_to_service, wait_for
from lab.kit.tls import TLSPeer
from papayad import config
from papayad.formats import titles
from papayad.formats.wire import Greeting, Hello, Refusal
from papayad.system.files import write_whole
from tests.conftest import MakeRoom


def reload(room: Room, *, says: str = "re-read ") -> None:
    """Send SIGHUP and wait until the journal says this once more."""
    before = room.journal().count(says)
    os.kill(room.acceptor(), signal.SIGHUP)
    wait_for(lambda: room.journal().count(says) > before)


def rewrite(room: Room, **sections: dict[str, object]) -> None:
    """Change the configuration on disk."""
    known = config.as_dict(room.settings)
    for name, section in sections.items():
        known[name] |= section
    settings = config.defaults("main", room.path, **known)
    write_whole(room.path, config.render(settings).encode())


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except ConnectionRefusedError:
        return False
    return True


# Tokens: no signal is needed


def test_a_new_token_works_at_once(make_room: MakeRoom) -> None:
    room = make_room()
    for user in ("alice", "bob", "carol"):
        room.join(user).ping()  # each token is added when it is first asked for


def test_a_revoked_token_fails_at_once(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice").ping()
    old = room.tokens.pop("alice")
    room.join("bob").ping()
    answer = room.peer().hello(Hello(old))
    assert isinstance(answer, Refusal)
    assert answer.reason == "auth"


@pytest.mark.parametrize("broken", [b"no token\n", b"\xff\n", None])
def test_a_broken_token_file_keeps_the_old_ones(make_room: MakeRoom, broken: bytes | None) -> None:
    room = make_room()
    room.join("alice").ping()
    if broken is None:
        room.settings.tokens.unlink()
    else:
        write_whole(room.settings.tokens, broken)
    for _ in range(3):
        room.join("alice").ping()
    assert room.journal().count("what it said before stays in force") == 1
    write_whole(room.settings.tokens, b"")
    if ROOT:
        give_to_service(room.directory)
    room.join("bob").ping()


# SIGHUP


def test_tokens_are_looked_at(make_room: MakeRoom) -> None:
    """Nobody has to come before the admin is told that the file is broken."""
    room = make_room()
    write_whole(room.settings.tokens, b"no token\n")
    reload(room, says="what it said before stays in force")


def test_addresses_are_opened_and_closed(make_room: MakeRoom) -> None:
    room = make_room()
    alice, old, new = room.join("alice"), room.port, free_port()
    rewrite(room, listen={"addresses": [f"127.0.0.1:{old}", f"127.0.0.1:{new}"]})
    reload(room)
    assert is_open(old)
    assert is_open(new)
    rewrite(room, listen={"addresses": [f"127.0.0.1:{new}"]})
    reload(room)
    wait_for(lambda: not is_open(old))
    room.port = new
    bob = room.join("bob")
    alice.send(b"MSG - one room\n")
    bob.read_until(b" alice - one room\n")
    title = Path(f"/proc/{room.acceptor()}/cmdline").read_bytes().rstrip(b"\0").decode()
    assert title == titles.acceptor("main", [f"127.0.0.1:{new}"])[0]


@pytest.mark.parametrize("hosts", [("0.0.0.0", "127.0.0.1"), ("127.0.0.2", "0.0.0.0")])
def test_an_address_in_the_place_of_one_that_overlaps(
    make_room: MakeRoom, hosts: tuple[str, ...]
) -> None:
    """From loopback to everywhere on the same port, which one `bind` refuses, and back."""
    room = make_room("optional")
    alice = room.join("alice")
    for host in hosts:
        rewrite(room, listen={"addresses": [f"{host}:{room.port}"]})
        reload(room)
        assert listening(room) == {room.port}
        if host != "127.0.0.2":
            room.join("bob").ping()
        title = Path(f"/proc/{room.acceptor()}/cmdline").read_bytes().rstrip(b"\0").decode()
        assert title == titles.acceptor("main", [f"{host}:{room.port}"])[0]
    alice.ping()


def test_an_address_in_the_way_is_opened_again(make_room: MakeRoom) -> None:
    """It was closed for a wider one, which could be had, and then another could not."""
    room = make_room("optional")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = [f"0.0.0.0:{room.port}", f"127.0.0.1:{taken.getsockname()[1]}"]
        rewrite(room, listen={"addresses": wanted})
        for _ in range(2):
            reload(room, says="; everything stays as it was")
            assert listening(room) == {room.port}
            room.join("alice").ping()
    reload(room)
    room.join("alice").ping()


def test_limits_change(make_room: MakeRoom) -> None:
    room = make_room(limits={"max_clients_per_user": 1})
    room.join("alice")
    rewrite(room, limits={"max_clients_per_user": 2})
    reload(room)
    room.join("alice").ping()
    answer = room.peer().hello(Hello(room.token("alice")))
    assert isinstance(answer, Refusal)


def test_a_new_certificate_is_for_new_connections(make_room: MakeRoom) -> None:
    room = make_room("required")
    alice = join(room, "alice")
    certificate.make(room.directory / "cert.pem", room.directory / "key.pem")
    if ROOT:
        give_to_service(room.directory)
    bob = join(room, "bob")  # the files alone change nothing
    assert bob.wire.certificate() == alice.wire.certificate()
    reload(room)
    carol = join(room, "carol")
    assert carol.wire.certificate() != alice.wire.certificate()
    alice.send(b"MSG - still here\n")
    carol.read_until(b" alice - still here\n")
    carol.send(b"MSG - with another certificate\n")
    alice.read_until(b" carol - with another certificate\n")


def join(room: Room, user: str) -> TLSPeer:
    peer = TLSPeer(room.socket())
    room.peers.append(peer)
    assert isinstance(peer.hello(Hello(room.token(user))), Greeting)
    return peer


def break_syntax(room: Room) -> None:
    room.path.write_text("[listen\n")


def remove(room: Room) -> None:
    room.path.unlink()


def add_unknown_key(room: Room) -> None:
    rewrite(room, limits={"max_clients_per_user": 1})
    with room.path.open("a") as file:
        file.write("[more]\n")


def break_certificate(room: Room) -> None:
    rewrite(room, limits={"max_clients_per_user": 1}, listen={"addresses": [address()]})
    (room.directory / "cert.pem").write_text("no certificate\n")


def name_a_taken_port(room: Room) -> None:
    """One that can be had, and one that cannot: neither is opened."""
    taken = f"127.0.0.1:{room.taken.getsockname()[1]}"  # type: ignore[attr-defined]
    addresses = [f"127.0.0.1:{room.port}", address(), taken]
    rewrite(room, limits={"max_clients_per_user": 1}, listen={"addresses": addresses})


def address() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.mark.parametrize(
    "mistake", [break_syntax, remove, add_unknown_key, break_certificate, name_a_taken_port]
)
def test_what_is_broken_changes_nothing(
    make_room: MakeRoom, mistake: Callable[[Room], None]
) -> None:
    room = make_room("optional")
    alice = room.join("alice")
    before = listening(room)
    with socket.create_server(("127.0.0.1", 0)) as room.taken:  # type: ignore[attr-defined]
        mistake(room)
        reload(room, says="; everything stays as it was")
    assert listening(room) == before == {room.port}
    room.join("alice").ping()  # a second one of alice's
    join(room, "bob").ping()  # over TLS
    alice.ping()
    rewrite(room)
    certificate.make(room.directory / "cert.pem", room.directory / "key.pem")
    if ROOT:
        give_to_service(room.directory)
    reload(room)
    join(room, "carol").ping()


def listening(room: Room) -> set[int]:
    """The ports that the acceptor has open."""
    tcp = kernel.tcp_sockets()
    files = kernel.descriptors(room.acceptor()).values()
    return {tcp[file][0] for file in files if file in tcp and tcp[file][1] == 0}


def test_what_needs_a_restart_is_said(make_room: MakeRoom) -> None:
    room = make_room()
    rewrite(room, service={"log_to": "syslog"}, limits={"max_clients": 1})
    reload(room, says="[service] takes effect at the next start")
    alice: Peer = room.join("alice")
    answer = room.peer().hello(Hello(room.token("bob")))
    assert isinstance(answer, Refusal)  # what can take effect did
    alice.ping()
