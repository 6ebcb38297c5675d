"""The experiment's load generator: `message\\n` at 1 Mbit/s on each connection, without bursts.

    pacer.py PORT CONNECTIONS SECONDS CORE

Each connection gets a write every 10 ms (less often above 256 connections, so that the generator
keeps up), and the writes of all connections are spread evenly over that time. It prints `ready`
when all are connected. At the end (by SIGTERM, or when the time is over) it prints as JSON how much
it has sent and how busy it was.
"""

import json
import os
import resource
import signal
import socket
import sys
import time
from contextlib import suppress

RATE = 125_000  # bytes a second: 1 Mbit/s
TICK = 0.01
_TOGETHER = 256
_MESSAGES = b"message\n" * 16384


def main() -> None:
    port, count, seconds, core = (int(word) for word in sys.argv[1:])
    if core >= 0 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    for connection in connections:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print("ready", flush=True)
    print(json.dumps(pace(connections, seconds)), flush=True)


def pace(connections: list[socket.socket], seconds: float) -> dict[str, float]:
    """Send until the time is up, or until it is interrupted."""
    tick = TICK * max(1, len(connections) / _TOGETHER)
    size, step = int(RATE * tick), tick / len(connections)
    sent = late = 0
    places = [0] * len(connections)
    start = time.monotonic()
    with suppress(KeyboardInterrupt):
        for turn in range(int(seconds / step)):
            left = start + turn * step - time.monotonic()
            if left > 0:
                time.sleep(left)
            elif left < -tick:
                late += 1
            place = turn % len(connections)
            begin = places[place]
            try:
                done = connections[place].send(_MESSAGES[begin : begin + size])
            except BlockingIOError:
                continue
            sent += done
            places[place] = (begin + done) % 8
    elapsed = time.monotonic() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "rate": sent / elapsed / len(connections) * 8 / 1e6,
        "late": late,
        "generator": (used.ru_utime + used.ru_stime) / elapsed,
    }


if __name__ == "__main__":
    main()
