"""The last words to a client: what it is told when it cannot stay, and that it gets to hear them.

Run by RECV, where nobody else writes to the socket: before there is a SEND, or after it has ended.
"""

import socket
import time
from contextlib import suppress

from papayad.formats import wire
from papayad.net.tls import TLS

_MAY_HEAR_FOR = 2.0  # seconds, a client its last words
_CHUNK = 65536


def refuse_busy(client: socket.socket, tls: TLS | None) -> None:
    """There is no process for this client, or no log that can be read; nobody else notices."""
    line = wire.render_refusal(wire.Refusal("busy", "not possible now, try again later"))
    with suppress(OSError):
        client.send(tls.encrypt(line) + tls.close_notify() if tls else line)
    see_off(client)


def see_off(client: socket.socket) -> None:
    """Read on until the client has seen the end, for a moment at most.

    To close a socket with unread bytes in it is to reset it, and a client that still writes would
    lose the last words that it was sent.
    """
    deadline = time.monotonic() + _MAY_HEAR_FOR
    with suppress(OSError):  # it has gone, or its time is up
        client.shutdown(socket.SHUT_WR)
        while (left := deadline - time.monotonic()) > 0:
            client.settimeout(left)
            if not client.recv(_CHUNK):
                break
