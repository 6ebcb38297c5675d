"""IPv4 and IPv6 on the same port, each explicitly, and what ps shows (design sections 2 and 7)."""

import re
import socket
import subprocess

import pytest

from lab.kit.room import PATIENCE, Peer, free_port
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
