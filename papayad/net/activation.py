"""Socket activation: listening sockets that a service manager opened (sd_listen_fds(3)).

Run once by papayad before it detaches, in the process that was started, since LISTEN_PID names
that. With such sockets papayad binds nothing, needs no network of its own, and ignores
`listen.addresses`.
"""

import os
import socket
from collections.abc import MutableMapping

from papayad.errors import CONFIGURATION, Fault
from papayad.formats.address import is_loopback
from papayad.net import listeners

_FIRST = 3  # SD_LISTEN_FDS_START
_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


class Inherited(socket.socket):
    """A listening socket that the service manager opens and closes."""


def announced(environment: MutableMapping[str, str]) -> range:
    """The descriptors that this process was given, none when there are none.

    The variables are removed: they are for this process and not for its children.
    """
    pid, number, _ = (environment.pop(name, "") for name in _VARIABLES)
    if not number.isdigit() or pid != str(os.getpid()):
        return range(0)
    return range(_FIRST, _FIRST + int(number))


def adopt(descriptors: range, tls: str) -> dict[str, socket.socket]:
    """The sockets by address; a Fault (78) if papayad would not have bound one like that."""
    sockets = [_adopt_one(descriptor, tls) for descriptor in descriptors]
    return {listeners.name(one.getsockname()): one for one in sockets}


def are_inherited(listening: dict[str, socket.socket]) -> bool:
    return any(isinstance(one, Inherited) for one in listening.values())


def _adopt_one(descriptor: int, tls: str) -> Inherited:
    os.set_inheritable(descriptor, False)
    try:
        listener = Inherited(fileno=descriptor)
        listens = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise _wrong(descriptor, "is no socket") from error
    if not listens or listener.family not in (socket.AF_INET, socket.AF_INET6):
        raise _wrong(descriptor, "does not listen for TCP")
    address = listeners.name(listener.getsockname())
    if listener.family == socket.AF_INET6 and not listeners.is_v6only(listener):
        raise _wrong(address, "takes IPv4 along", "set BindIPv6Only=ipv6-only")
    if tls == "off" and not is_loopback(address):
        raise _wrong(address, 'is not loopback, and listen.tls is "off"', "see listen.tls")
    listeners.set_up(listener)
    return listener


def _wrong(
    which: int | str, why: str, remedy: str = "see ListenStream= in the socket unit"
) -> Fault:
    return Fault(f"inherited socket {which}", why, remedy, code=CONFIGURATION)
