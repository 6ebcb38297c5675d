"""TCP options of a client's socket: how a host that is gone is noticed (design section 6).

A leaf. The kernel probes, no process wakes. TCP_USER_TIMEOUT is not set: it would drop a living
client that does not read.
"""

import socket

_PROBES = 3


def set_options(client: socket.socket, dead_peer_seconds: int) -> None:
    """TCP_NODELAY, and keepalive such that a silent host is dead after `dead_peer_seconds`."""
    idle = max(1, dead_peer_seconds // 2)
    interval = max(1, (dead_peer_seconds - idle) // _PROBES)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_KEEPIDLE", idle),
        ("TCP_KEEPALIVE", idle),  # macOS's name for it
        ("TCP_KEEPINTVL", interval),
        ("TCP_KEEPCNT", _PROBES),
    ):
        if hasattr(socket, option):  # OpenBSD has system-wide values only
            client.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
