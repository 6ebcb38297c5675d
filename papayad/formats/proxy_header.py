"""The PROXY protocol, version 2: what a proxy says before the client's first byte.

A leaf without sockets. The format is HAProxy's doc/proxy-protocol.txt, section 2.2. Only the
addresses are used; what may follow them in the header (TLVs) is skipped.
"""

import ipaddress
import struct
from dataclasses import dataclass

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
MOST = 4096  # bytes of a header; the addresses and a proxy's usual TLVs need a few hundred

_FIXED = struct.Struct("!12sBBH")
_LOCAL, _PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21
_SIZES = {_TCP4: 4, _TCP6: 16}


@dataclass(frozen=True, slots=True)
class Header:
    """`length` of the header in bytes; `host` is empty if the proxy connects for itself."""

    length: int
    host: str = ""
    port: int = 0


def parse(data: bytes) -> Header | None:
    """The header at the beginning of `data`, None while it is not whole; raises ValueError."""
    if data[: len(SIGNATURE)] != SIGNATURE[: len(data)]:
        raise ValueError("a proxy begins with a PROXY protocol header, version 2")
    if len(data) < _FIXED.size:
        return None
    _, command, family, rest = _FIXED.unpack_from(data)
    length = _FIXED.size + rest
    if command not in (_LOCAL, _PROXY):
        raise ValueError("this is no command of the PROXY protocol, version 2")
    if length > MOST:
        raise ValueError(f"a PROXY protocol header has at most {MOST} bytes here")
    if len(data) < length:
        return None
    if command == _LOCAL:
        return Header(length)
    return Header(length, *_source(family, data[_FIXED.size : length]))


def render(host: str, port: int) -> bytes:
    """The header of a TCP connection from an address; the destination is left at zeros."""
    address = ipaddress.ip_address(host)
    size = len(address.packed)
    family = _TCP4 if size == 4 else _TCP6
    body = address.packed + bytes(size) + struct.pack("!HH", port, 0)
    return _FIXED.pack(SIGNATURE, _PROXY, family, len(body)) + body


def _source(family: int, body: bytes) -> tuple[str, int]:
    if family not in _SIZES:
        raise ValueError("the PROXY protocol header is of no TCP connection")
    size = _SIZES[family]
    if len(body) < 2 * size + 4:
        raise ValueError("the PROXY protocol header has no room for its addresses")
    (port,) = struct.unpack_from("!H", body, 2 * size)
    address = ipaddress.ip_address(body[:size])
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address), port
