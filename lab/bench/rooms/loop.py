"""The reference room on an event loop: one process, asyncio or uvloop, one log, one order.

    loop.py asyncio|uvloop PORT DIRECTORY

A chunk of lines becomes a batch of records: one write to the log, one to every client. While the
buffer of any client is above its limit, no client is read.
"""

import asyncio
import importlib
import os
import sys
import time
from typing import cast

GREETING = b"+ PAPAYA/1 name=bench room=bench log=0 offset=0 end=0 max=8192\n"

clients: "set[Client]" = set()
stuck: "set[Client]" = set()
log = -1


class Client(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.greeted = False
        self.partial = b""

    def data_received(self, data: bytes) -> None:
        *lines, self.partial = (self.partial + data).split(b"\n")
        if lines and not self.greeted:
            del lines[0]
            self.greeted = True
            self.transport.write(GREETING)
            clients.add(self)
        if lines:
            publish(lines)

    def connection_lost(self, error: Exception | None) -> None:
        clients.discard(self)
        self.resume_writing()

    def pause_writing(self) -> None:
        stuck.add(self)
        if len(stuck) == 1:
            for client in clients:
                client.transport.pause_reading()

    def resume_writing(self) -> None:
        if self in stuck:
            stuck.remove(self)
            if not stuck:
                for client in clients:
                    client.transport.resume_reading()


def publish(lines: list[bytes]) -> None:
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d}Z"
    head = f"{stamp} bench ".encode()
    records = b"".join([head + line[4:] + b"\n" for line in lines if line.startswith(b"MSG ")])
    os.write(log, records)
    for client in clients:
        client.transport.write(records)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Client, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


def main() -> None:
    global log
    kind, port, directory = sys.argv[1:]
    log = os.open(f"{directory}/log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    if kind == "uvloop":
        importlib.import_module("uvloop").install()
    asyncio.run(serve(int(port)))


if __name__ == "__main__":
    main()
