"""Listening sockets: one per configured address, IPv4 and IPv6 explicitly (design section 2).

papayad opens them before it detaches and drops root; only the acceptor has them. An IPv6 socket is
V6ONLY on every platform, whatever the system's default is.
"""

import socket
from errno import EADDRINUSE

from papayad.errors import UNAVAILABLE, Fault, denied_or, reason
from papayad.formats.address import parse_address

_BACKLOG = 4096  # the kernel has a limit of its own, too
_RECEIVE_BUFFER = 32768  # bytes; Linux doubles it. A throttled client can send that much ahead.


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


def exchange(
    old: dict[str, socket.socket], wanted: list[str]
) -> tuple[dict[str, socket.socket], Fault | None]:
    """The sockets to go on with; if they cannot be the wanted ones, the old ones and the reason.

    A socket that is no longer wanted is left open, unless it is in the way of a new one, as
    127.0.0.1:7722 is of 0.0.0.0:7722. Such a socket is closed first, and opened again if the new
    one cannot be opened.
    """
    leaving = [address for address in old if address not in wanted]
    sockets: dict[str, socket.socket] = {}
    try:
        for address in wanted:
            sockets[address] = old.get(address) or _open_instead(address, old, leaving)
    except Fault as fault:
        for address, listener in sockets.items():
            if address not in old:
                listener.close()
        return _opened_again(old, fault)
    return sockets, None


def _open_instead(address: str, old: dict[str, socket.socket], leaving: list[str]) -> socket.socket:
    try:
        return open_one(address)
    except Fault as fault:
        taken = isinstance(fault.__cause__, OSError) and fault.__cause__.errno == EADDRINUSE
        in_the_way = [one for one in leaving if overlap(one, address)]
        if not taken or not in_the_way:
            raise
    for one in in_the_way:
        old[one].close()
    return open_one(address)


def overlap(one: str, other: str) -> bool:
    """Whether a connection to one could also be for the other: same family, same port."""
    (host, port), (other_host, other_port) = parse_address(one), parse_address(other)
    either = host == other_host or {host, other_host} & {"0.0.0.0", "::"}
    return port == other_port and (":" in host) == (":" in other_host) and bool(either)


def _opened_again(
    old: dict[str, socket.socket], fault: Fault
) -> tuple[dict[str, socket.socket], Fault]:
    """Open again what was closed in vain; the Fault also says what could not be opened again."""
    sockets = dict(old)
    for address in [one for one, listener in old.items() if listener.fileno() < 0]:
        try:
            sockets[address] = open_one(address)
        except Fault as lost:
            del sockets[address]
            why = f"{fault.why}; {address}, closed to make place, is lost: {lost.why}"
            fault = Fault(fault.what, why, fault.remedy, code=fault.code)
    return sockets, fault


def open_one(address: str) -> socket.socket:
    listener = bind(address)
    try:
        set_up(listener)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _refused(address, error) from error
    return listener


def bind(address: str) -> socket.socket:
    """A socket bound to the address; nobody can connect to it yet. Raises a Fault."""
    host, port = parse_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and not is_v6only(listener):  # on OpenBSD it is, and read-only
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise _refused(address, error) from error
    return listener


def _refused(address: str, error: OSError) -> Fault:
    remedy = "see who has it with ss -ltnp" if error.errno == EADDRINUSE else "see [listen]"
    return Fault(address, reason(error), remedy, code=denied_or(error, UNAVAILABLE))


def set_up(listener: socket.socket) -> None:
    """Set what the acceptor needs of a listening socket, and what clients' sockets inherit."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    listener.setblocking(False)


def is_v6only(listener: socket.socket) -> bool:
    return bool(listener.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))


def name(address: tuple[str, int] | tuple[str, int, int, int]) -> str:
    """ "203.0.113.7:51234" or "[2001:db8::1]:51234", of an address that accept(2) returned."""
    host = address[0].partition("%")[0]
    return f"[{host}]:{address[1]}" if ":" in host else f"{host}:{address[1]}"
