"""Listening sockets: one per configured address, IPv4 and IPv6 explicitly (design section 2).

papayad opens them before it detaches and drops root; only the acceptor has them. An IPv6 socket is
V6ONLY on every platform, whatever the system's default is.
"""

import socket
from collections.abc import Callable
from errno import EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT
from functools import partial

from papayad.errors import UNAVAILABLE, Fault, denied_or, reason
from papayad.formats.address import parse_address
from papayad.system import platform

Warn = Callable[[str], None]

_BACKLOG = 4096  # the kernel has a limit of its own, too
_ALL = {"0.0.0.0", "::"}
_RECEIVE_BUFFER = 32768  # bytes; Linux doubles it. A throttled client can send that much ahead.


def open_all(addresses: list[str], warn: Warn) -> dict[str, socket.socket]:
    """A listening socket for each address, or a Fault (69, 77) and none."""
    opened: dict[str, socket.socket] = {}
    try:
        _open_each(addresses, opened, partial(open_one, warn=warn), warn)
    except Fault:
        for listener in opened.values():
            listener.close()
        raise
    return opened


def exchange(
    old: dict[str, socket.socket], wanted: list[str], warn: Warn
) -> tuple[dict[str, socket.socket], Fault | None]:
    """The sockets to go on with; if they cannot be the wanted ones, the old ones and the reason.

    A socket that is no longer wanted is left open, unless it is in the way of a new one, as
    127.0.0.1:7722 is of 0.0.0.0:7722. Such a socket is closed first, and opened again if the new
    one cannot be opened.
    """
    leaving = [address for address in old if address not in wanted]
    sockets: dict[str, socket.socket] = {}

    def one(address: str) -> socket.socket:
        return old.get(address) or _open_instead(address, old, leaving, warn)

    try:
        _open_each(wanted, sockets, one, warn)
    except Fault as fault:
        for address, listener in sockets.items():
            if address not in old:
                listener.close()
        return _opened_again(old, fault, warn)
    return sockets, None


def _open_each(
    addresses: list[str],
    opened: dict[str, socket.socket],
    open_it: Callable[[str], socket.socket],
    warn: Warn,
) -> None:
    """Open each into `opened`; warn of one that can be done without. Raises a Fault."""
    for address in addresses:
        try:
            opened[address] = open_it(address)
        except Fault as fault:
            if not is_dispensable(address, fault) or addresses == [address]:
                raise
            warn(f"not listening on {address}: {fault.why}")


def is_dispensable(address: str, fault: Fault) -> bool:
    """Whether it means all addresses of a family that the kernel does not have.

    The default configuration listens on all addresses of both families.
    """
    return parse_address(address)[0] in _ALL and _errno(fault) == EAFNOSUPPORT


def _open_instead(
    address: str, old: dict[str, socket.socket], leaving: list[str], warn: Warn
) -> socket.socket:
    try:
        return open_one(address, warn)
    except Fault as fault:
        in_the_way = [one for one in leaving if overlap(one, address)]
        if not is_taken(fault) or not in_the_way:
            raise
    for one in in_the_way:
        old[one].close()
    return open_one(address, warn)


def overlap(one: str, other: str) -> bool:
    """Whether a connection to one could also be for the other: same family, same port."""
    (host, port), (other_host, other_port) = parse_address(one), parse_address(other)
    either = host == other_host or {host, other_host} & _ALL
    return port == other_port and (":" in host) == (":" in other_host) and bool(either)


def _opened_again(
    old: dict[str, socket.socket], fault: Fault, warn: Warn
) -> tuple[dict[str, socket.socket], Fault]:
    """Open again what was closed in vain; the Fault also says what could not be opened again."""
    sockets = dict(old)
    for address in [one for one, listener in old.items() if listener.fileno() < 0]:
        try:
            sockets[address] = open_one(address, warn)
        except Fault as lost:
            del sockets[address]
            why = f"{fault.why}; {address}, closed to make place, is lost: {lost.why}"
            fault = Fault(fault.what, why, fault.remedy, code=fault.code)
    return sockets, fault


def open_one(address: str, warn: Warn) -> socket.socket:
    listener = bind(address, warn)
    try:
        set_up(listener)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _refused(address, error) from error
    return listener


def bind(address: str, warn: Warn) -> socket.socket:
    """A socket bound to the address; nobody can connect to it yet. Raises a Fault.

    If the machine does not have the address yet (DHCP, a VPN) but can wait for it, it warns of
    that.
    """
    host, port = parse_address(address)
    listener = None
    try:
        place = _place(host, port)
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ":" in host and not is_v6only(listener):  # on OpenBSD it is, and read-only
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            listener.bind(place)
        except OSError as error:
            if error.errno != EADDRNOTAVAIL or not platform.IP_FREEBIND:
                raise
            listener.setsockopt(socket.IPPROTO_IP, platform.IP_FREEBIND, 1)
            listener.bind(place)
            warn(f"{address}: this machine does not have this address yet")
    except OSError as error:
        if listener:
            listener.close()
        raise _refused(address, error) from error
    return listener


def _place(host: str, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """What bind(2) takes: the scope of a link-local address as the index of an interface."""
    address, percent, scope = host.partition("%")
    if not percent:
        return host, port
    return address, port, 0, int(scope) if scope.isdecimal() else socket.if_nametoindex(scope)


def is_taken(fault: Fault) -> bool:
    return _errno(fault) == EADDRINUSE


def _errno(fault: Fault) -> int | None:
    return fault.__cause__.errno if isinstance(fault.__cause__, OSError) else None


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
