"""A host of its own behind a cable that can be pulled: a network namespace and a veth pair."""

import itertools
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from lab.kit.room import PATIENCE, ROOT

_serial = itertools.count()

# Connects from inside the namespace and passes the socket to us.
_CONNECT = """
import socket, sys
outside = socket.socket(fileno=int(sys.argv[3]))
inside = socket.create_connection((sys.argv[1], int(sys.argv[2])), 20)
socket.send_fds(outside, [b"x"], [inside.fileno()])
"""


@dataclass(frozen=True)
class Host:
    """`address` is the address at which this machine is reached from there."""

    name: str
    address: str

    def connect(self, port: int) -> socket.socket:
        ours, its = socket.socketpair()
        with ours, its:
            ours.settimeout(PATIENCE)
            words = [sys.executable, "-c", _CONNECT, self.address, str(port), str(its.fileno())]
            command = ["ip", "netns", "exec", self.name, *words]
            subprocess.run(command, pass_fds=[its.fileno()], check=True, timeout=PATIENCE)
            _, (descriptor,), _, _ = socket.recv_fds(ours, 1, 1)
        return socket.socket(fileno=descriptor)

    def pull_cable(self) -> None:
        """From now on nothing arrives there and nothing comes from there: no FIN, no reset."""
        ip("-n", self.name, "link", "set", "eth0", "down")


@contextmanager
def host() -> Iterator[Host]:
    """A host that is connected with this machine and with nobody else."""
    if not ROOT or shutil.which("ip") is None:
        pytest.skip("a network namespace needs root and the ip command")
    number = next(_serial)
    name = f"papaya-{os.getpid()}-{number}"
    link = f"pp{os.getpid()}-{number}"[:15]
    network = f"10.231.{os.getpid() % 256}"
    if not ip("netns", "add", name, check=False):
        pytest.skip("this machine lets nobody make a network namespace")
    try:
        ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("addr", "add", f"{network}.{4 * number + 1}/30", "dev", link)
        ip("link", "set", link, "up")
        ip("-n", name, "addr", "add", f"{network}.{4 * number + 2}/30", "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")
        yield Host(name, f"{network}.{4 * number + 1}")
    finally:
        ip("link", "del", link, check=False)
        ip("netns", "del", name)


def ip(*words: str, check: bool = True) -> bool:
    done = subprocess.run(["ip", *words], capture_output=True, check=check, timeout=PATIENCE)
    return done.returncode == 0
