"""TCP options of a client's socket: noticing that its host is gone (design section 6).

A leaf. The kernel probes, and no process wakes for that. TCP_USER_TIMEOUT is not set: it would drop
a living client that does not read.
"""

import socket

_PROBES = 3


def set_options(client: socket.socket, dead_peer_seconds: int) -> None:
    """Set TCP_NODELAY, and keepalive so that a host counts as dead after `dead_peer_seconds`."""
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
