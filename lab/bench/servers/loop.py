"""One process, an event loop: reads and writes to stdout. loop.py PORT asyncio|uvloop"""

import asyncio
import importlib
import os
import sys


class Client(asyncio.Protocol):
    def data_received(self, data: bytes) -> None:
        os.write(1, data)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Client, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


def main() -> None:
    if sys.argv[2] == "uvloop":
        importlib.import_module("uvloop").install()
    asyncio.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
