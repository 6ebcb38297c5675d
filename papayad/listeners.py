"""Listening sockets: one per configured address, IPv4 and IPv6 explicitly (design section 2).

Opened by papayad before it detaches and drops root; only the acceptor ever has them. On every
platform an IPv6 socket is V6ONLY, whatever the system's default.
"""

import socket
from errno import EADDRINUSE

from papayad.config import parse_address
from papayad.errors import UNAVAILABLE, Fault, denied_or, reason

_BACKLOG = 4096  # the kernel has a limit of its own, too
_RECEIVE_BUFFER = 32768  # bytes; Linux doubles it: what a throttled client may have under way


def open_all(addresses: list[str]) -> dict[str, socket.socket]:
    """A listening socket for each address, or a Fault (69, 77) and none."""
    opened: dict[str, socket.socket] = {}
    try:
        for address in addresses:
            opened[address] = open_one(address)
    except Fault:
        for listener in opened.values():
            listener.close()
        raise
    return opened


def open_one(address: str) -> socket.socket:
    host, port = parse_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        set_up(listener)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        remedy = "see who has it with ss -ltnp" if error.errno == EADDRINUSE else "see [listen]"
        raise Fault(address, reason(error), remedy, code=denied_or(error, UNAVAILABLE)) from error
    return listener


def set_up(listener: socket.socket) -> None:
    """What the acceptor needs of a listening socket, and its clients' sockets inherit."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    listener.setblocking(False)


def name(address: tuple[str, int] | tuple[str, int, int, int]) -> str:
    """ "203.0.113.7:51234" or "[2001:db8::1]:51234", of an address that accept(2) returned."""
    host = address[0].partition("%")[0]
    return f"[{host}]:{address[1]}" if ":" in host else f"{host}:{address[1]}"
