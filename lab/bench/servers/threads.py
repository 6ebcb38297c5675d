"""A thread per client: reads and writes to stdout."""

import os
import socket
import sys
import threading


def client(connection: socket.socket) -> None:
    descriptor = connection.fileno()
    while data := os.read(descriptor, 4096):
        os.write(1, data)


def main() -> None:
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=client, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
