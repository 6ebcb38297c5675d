"""Tells a service manager why papayad does not start, besides the log (sd_notify(3)).

Run by papayad before it detaches. systemctl status shows it, however many lines came into the
journal since then.
"""

import os
import socket
from contextlib import suppress


def status(words: str) -> None:
    """Send a line for a person, if a service manager asked for such; otherwise do nothing."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    address = f"\0{path[1:]}" if path.startswith("@") else path
    line = f"STATUS={words}".replace("\n", " ")
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.sendto(line.encode(), address)
