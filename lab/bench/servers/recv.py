"""papayad's own RECV: a fork as the acceptor does it, its tie, its inlet, and a write.

recv.py PORT [lines]: "lines" adds its splitter, since RECV splits its input into lines.
"""

import gc
import os
import signal
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from papayad.cluster.inlet import PlainInlet
from papayad.cluster.lines import Splitter
from papayad.cluster.tie import pair, tighten
from papayad.system.journal import Journal
from papayad.system.spawn import spawn

LINES = sys.argv[2:] == ["lines"]


def client(connection: socket.socket) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    own, other = pair()
    inlet = PlainInlet(connection.fileno(), tighten(own))
    if LINES:
        splitter = Splitter(8192)
        while data := inlet.read():
            lines = [line for line in splitter.split(data) if isinstance(line, bytes)]
            os.write(1, b"\n".join([*lines, b""]))
    else:
        while data := inlet.read():
            os.write(1, data)
    os.close(other)


def main() -> None:
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    journal = Journal("bench", "stderr")
    gc.freeze()
    while True:
        connection, _ = listener.accept()
        spawn(lambda connection=connection: client(connection), journal)  # type: ignore[misc]
        connection.close()


if __name__ == "__main__":
    main()
