"""The PROXY protocol's header: whole, partial, or none at all."""

import struct

import pytest

from papayad.formats import proxy_header
from papayad.formats.proxy_header import SIGNATURE, Header

LOCAL = SIGNATURE + b"\x20\x00\x00\x00"


@pytest.mark.parametrize("host", ["203.0.113.7", "2001:db8::7"])
def test_what_is_rendered_is_parsed(host: str) -> None:
    data = proxy_header.render(host, 51234)
    assert proxy_header.parse(data + b"PAPAYA/1 ") == Header(len(data), host, 51234)


@pytest.mark.parametrize("data", [proxy_header.render("203.0.113.7", 1), LOCAL])
def test_a_part_of_a_header_needs_more(data: bytes) -> None:
    for length in range(len(data)):
        assert proxy_header.parse(data[:length]) is None


def test_a_proxy_may_speak_for_itself() -> None:
    assert proxy_header.parse(LOCAL) == Header(16)


def test_an_ipv4_address_in_ipv6_is_the_ipv4_one() -> None:
    data = proxy_header.render("::ffff:203.0.113.7", 1)
    parsed = proxy_header.parse(data)
    assert parsed
    assert parsed.host == "203.0.113.7"


def test_what_follows_the_addresses_is_passed_over() -> None:
    body = bytes([203, 0, 113, 7, 0, 0, 0, 0]) + struct.pack("!HH", 9, 0) + b"\x04\x00\x01x"
    data = SIGNATURE + struct.pack("!BBH", 0x21, 0x11, len(body)) + body
    assert proxy_header.parse(data) == Header(len(data), "203.0.113.7", 9)


@pytest.mark.parametrize(
    "data",
    [
        b"PAPAYA/1 ",
        b"PROXY TCP4 203.0.113.7 203.0.113.8 1 2\r\n",
        b"\r\n\r\n\0\r\nQUIT\r",
        SIGNATURE + b"\x11\x11\x00\x0c",  # version 1 in the binary form
        SIGNATURE + b"\x22\x11\x00\x0c",  # no such command
        SIGNATURE + b"\x21\x12\x00\x0c" + bytes(12),  # UDP
        SIGNATURE + b"\x21\x31\x00\x0c" + bytes(12),  # a Unix socket
        SIGNATURE + b"\x21\x11\x00\x0b" + bytes(11),  # too short for its addresses
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_what_is_no_header_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        proxy_header.parse(data)
