"""The last words to a client that cannot stay, and the wait until they have arrived.

Run by RECV, when nobody else writes to the socket: before there is a SEND, or after SEND has ended.
"""

import socket
import time
from contextlib import suppress

from papayad.formats import wire
from papayad.net.tls import TLS

_MAY_HEAR_FOR = 2.0  # seconds that a client has to read its last words
_CHUNK = 65536


def refuse_busy(client: socket.socket, tls: TLS | None) -> None:
    """There is no process for this client, or no log that can be read; nobody else notices."""
    line = wire.render_refusal(wire.Refusal("busy", "not possible now, try again later"))
    with suppress(OSError):
        client.send(tls.encrypt(line) + tls.close_notify() if tls else line)
    see_off(client)


def see_off(client: socket.socket, seconds: float = _MAY_HEAR_FOR) -> None:
    """Read on until the client has seen the end of the stream, for a moment at most.

    To close a socket that has unread bytes sends a reset, and a client that is still writing would
    lose the last words.
    """
    deadline = time.monotonic() + seconds
    with suppress(OSError):  # the client has gone, or its time is up
        client.shutdown(socket.SHUT_WR)
        while (left := deadline - time.monotonic()) > 0:
            client.settimeout(left)
            if not client.recv(_CHUNK):
                break
