"""Listening sockets: which overlap, and what stands at the end when one cannot be had."""

import socket

import pytest

from lab.kit.room import free_port
from papayad.errors import Fault
from papayad.net import listeners


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("127.0.0.1:1", "0.0.0.0:1", True),
        ("0.0.0.0:1", "127.0.0.1:1", True),
        ("[::1]:1", "[::]:1", True),
        ("127.0.0.1:1", "0.0.0.0:2", False),
        ("127.0.0.1:1", "[::]:1", False),
        ("127.0.0.1:1", "127.0.0.2:1", False),
    ],
)
def test_overlap(one: str, other: str, overlap: bool) -> None:
    assert listeners.overlap(one, other) == overlap


def test_what_is_lost_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else takes the port between the close and the second try."""
    port = free_port()
    old = listeners.open_all([f"127.0.0.1:{port}"])
    really, thief = listeners.open_one, list[socket.socket]()

    def quicker(address: str) -> object:
        if old[f"127.0.0.1:{port}"].fileno() < 0 and not thief:
            thief.append(really(f"127.0.0.1:{port}"))
        return really(address)

    monkeypatch.setattr(listeners, "open_one", quicker)
    sockets, fault = listeners.exchange(old, [f"0.0.0.0:{port}"])
    thief[0].close()
    assert sockets == {}
    assert isinstance(fault, Fault)
    assert f"127.0.0.1:{port}, closed to make place, is lost" in str(fault)
