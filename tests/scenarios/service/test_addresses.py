"""IPv4 and IPv6 on the same port, each explicitly, and what ps shows (design sections 2 and 7)."""

import re
import socket
import subprocess

import pytest

from lab.kit import launch
from lab.kit.machine import namespace
from lab.kit.machine.namespace import Host
from lab.kit.room import PATIENCE, Peer, Room, free_port
from papayad.formats.wire import Greeting, Hello
from tests.conftest import MakeRoom


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def arguments(pid: int) -> str:
    """As ps shows them."""
    command = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")
def test_both_families_share_a_port_and_a_room(make_room: MakeRoom) -> None:
    port = free_port()
    addresses = [f"0.0.0.0:{port}", f"[::]:{port}"]  # not V6ONLY, the second could not be bound
    room = make_room("optional", listen={"addresses": addresses})
    peers = {}
    for user, host in (("alice", "127.0.0.1"), ("bob", "::1")):
        connection = socket.create_connection((host, port), PATIENCE)
        peers[user] = peer = Peer(connection)
        room.peers.append(peer)
        assert isinstance(peer.hello(Hello(room.token(user))), Greeting)
    for user in peers:
        peers[user].send(f"MSG - I am {user}\n".encode())
        for peer in peers.values():
            peer.read_until(f"I am {user}\n".encode())
    assert room.entry("alice").peer == name(peers["alice"])
    assert room.entry("bob").peer == name(peers["bob"])
    assert arguments(room.acceptor()) == f"papayad[main]: acceptor 0.0.0.0:{port} [::]:{port}"
    assert re.fullmatch(r"\[::1\]:\d+", room.entry("bob").peer)
    for user in peers:
        entry = room.entry(user)
        for role, pid in (("recv", entry.recv), ("send", entry.send)):
            assert arguments(pid) == f"papayad[main]: {user}@{entry.peer} {role}"


def name(peer: Peer) -> str:
    host, port, *_ = peer.socket.getsockname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def start_at(room: Room, host: Host, address: str) -> None:
    """Start a room on the other host, with nothing but this address, and let alice and bob talk."""
    namespace.ip("-n", host.name, "link", "set", "lo", "up")
    room.interpreter = ["ip", "netns", "exec", host.name, *room.interpreter]
    text = room.path.read_text().replace(f"127.0.0.1:{room.port}", address)
    room.path.write_text(text.replace('tls = "off"', 'tls = "optional"'))
    room.start()


def come_from(room: Room, host: Host, user: str) -> None:
    peer = Peer(host.connect(room.port))
    room.peers.append(peer)
    assert isinstance(peer.hello(Hello(room.token(user))), Greeting)


def test_an_address_that_comes_late_is_listened_on(make_room: MakeRoom) -> None:
    with namespace.host() as host:
        late = Host(host.name, "192.0.2.77")
        room = make_room("optional", start=False)
        start_at(room, host, f"{late.address}:{room.port}")
        assert f"{late.address}:{room.port}: this machine does not have this" in room.journal()
        namespace.ip("-n", host.name, "addr", "add", f"{late.address}/32", "dev", "lo")
        come_from(room, late, "alice")
        room.end()


def test_a_link_local_address_has_a_scope(make_room: MakeRoom) -> None:
    with namespace.host() as host:
        namespace.ip("-n", host.name, "addr", "add", "fe80::77/64", "dev", "eth0", "nodad")
        room = make_room("optional", start=False)
        start_at(room, host, f"[fe80::77%eth0]:{room.port}")
        assert launch.run(room, "--check").stderr == ""
        come_from(room, Host(host.name, "fe80::77%eth0"), "alice")
        assert room.entry("alice").peer.startswith("[fe80::77]:")
        room.end()
