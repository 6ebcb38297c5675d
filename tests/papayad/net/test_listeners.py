"""Listening sockets: which overlap, and what stands at the end when one cannot be had."""

import socket
from errno import EAFNOSUPPORT

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
    old = listeners.open_all([f"127.0.0.1:{port}"], print)
    really, thief = listeners.open_one, list[socket.socket]()

    def quicker(address: str, warn: listeners.Warn) -> object:
        if old[f"127.0.0.1:{port}"].fileno() < 0 and not thief:
            thief.append(really(f"127.0.0.1:{port}", warn))
        return really(address, warn)

    monkeypatch.setattr(listeners, "open_one", quicker)
    sockets, fault = listeners.exchange(old, [f"0.0.0.0:{port}"], print)
    thief[0].close()
    assert sockets == {}
    assert isinstance(fault, Fault)
    assert f"127.0.0.1:{port}, closed to make place, is lost" in str(fault)


class NoIPv6(socket.socket):
    """As of a kernel that was started without it."""

    def __init__(
        self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None
    ):
        if family == socket.AF_INET6:
            raise OSError(EAFNOSUPPORT, "Address family not supported by protocol")
        super().__init__(family, type, proto, fileno)


def test_all_addresses_of_a_family_that_is_not_there_are_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The default configuration names both."""
    monkeypatch.setattr("socket.socket", NoIPv6)
    four, six, said = f"0.0.0.0:{free_port()}", "[::]:1", list[str]()
    opened = listeners.open_all([four, six], said.append)
    assert list(opened) == [four]
    assert said == ["not listening on [::]:1: Address family not supported by protocol"]
    assert listeners.exchange(opened, [six, four], said.append) == (opened, None)
    opened[four].close()
    for addresses in ([six], [four, "[::1]:1"]):
        with pytest.raises(Fault, match="not supported"):
            listeners.open_all(addresses, said.append)


def test_a_scope_is_an_interface() -> None:
    with pytest.raises(Fault, match=r"\[fe80::1%none\]:1: no interface with this name"):
        listeners.bind("[fe80::1%none]:1", print)
