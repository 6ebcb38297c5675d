"""Socket activation: what papayad takes over, and what it refuses."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from lab.kit.room import Room
from papayad.net import activation

# Puts listening sockets where a service manager puts them, then becomes papayad with the same pid.
MANAGER = """
import os, sys
descriptors = [int(word) for word in sys.argv[1].split(",")]
for number, descriptor in enumerate(descriptors):
    os.dup2(descriptor, 3 + number)
environment = dict(os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(descriptors)))
os.execve(sys.executable, [sys.executable, "-m", "papayad", *sys.argv[2:]], environment)
"""


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    yield made
    made.close()


def listener(family: socket.AddressFamily = socket.AF_INET) -> socket.socket:
    one = socket.socket(family)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
    one.listen()
    return one


def activate(room: Room, *sockets: socket.socket) -> "subprocess.CompletedProcess[str]":
    """Start papayad as a service manager does that has these sockets for it."""
    high = [os.dup(one.fileno()) for one in sockets]
    room.starts += 1
    try:
        return subprocess.run(
            [sys.executable, "-c", MANAGER, ",".join(map(str, high)), "--config", str(room.path)],
            pass_fds=high,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(room.directory / "stderr").open("a"),
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        for descriptor in high:
            os.close(descriptor)


def test_an_inherited_socket_replaces_binding(room: Room) -> None:
    inherited = listener()
    assert activate(room, inherited).returncode == 0, room.journal()
    with pytest.raises(ConnectionRefusedError):
        room.socket()  # the configured address is nobody's
    room.port = inherited.getsockname()[1]
    assert room.join("alice").ping()
    assert f"listening on 127.0.0.1:{room.port}" in room.journal()


def test_several_are_taken_in_their_order(room: Room) -> None:
    first, second = listener(), listener(socket.AF_INET6)
    assert activate(room, first, second).returncode == 0, room.journal()
    four, six = first.getsockname()[1], second.getsockname()[1]
    assert f"listening on 127.0.0.1:{four} [::1]:{six}" in room.journal()


def test_a_reload_keeps_them(room: Room) -> None:
    inherited = listener()
    assert activate(room, inherited).returncode == 0, room.journal()
    room.port = inherited.getsockname()[1]
    os.kill(room.acceptor(), signal.SIGHUP)
    assert room.join("alice").ping()
    os.kill(room.acceptor(), signal.SIGHUP)
    assert room.join("bob").ping()


def test_stopping_leaves_them_to_their_owner(room: Room) -> None:
    inherited = listener()
    activate(room, inherited)
    room.port = inherited.getsockname()[1]
    room.token("alice")
    room.stop_acceptor()
    waiting = room.peer()  # in the backlog of a socket that is still open
    assert activate(room, inherited).returncode == 0, room.journal()
    waiting.close()
    assert room.join("alice").ping()


def test_sockets_for_another_process_are_not_touched(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISTEN_PID", "1")
    monkeypatch.setenv("LISTEN_FDS", "1")
    room.start()
    assert room.join("alice").ping()


def test_the_variables_are_for_one_process() -> None:
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b", "LANG": "C"}
    assert activation.announced(environment) == range(0)
    assert environment == {"LANG": "C"}


def test_a_socket_that_takes_ipv4_along_is_refused(room: Room) -> None:
    everywhere = socket.socket(socket.AF_INET6)
    everywhere.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    everywhere.bind(("::", 0))
    everywhere.listen()
    assert activate(room, everywhere).returncode == 78
    assert "BindIPv6Only=ipv6-only" in room.journal()


def test_a_plain_room_on_an_open_address_is_refused(room: Room) -> None:
    everywhere = socket.socket()
    everywhere.bind(("0.0.0.0", 0))
    everywhere.listen()
    assert activate(room, everywhere).returncode == 78
    assert 'listen.tls is "off"' in room.journal()


def test_what_does_not_listen_is_refused(room: Room) -> None:
    assert activate(room, socket.socket()).returncode == 78
    ours, _ = socket.socketpair()
    assert activate(room, ours).returncode == 78
    assert room.journal().count("does not listen for TCP") == 2
