"""A process that does not belong to the room, and counts the signals that it gets.

Run as a program: `stranger.py [COMMAND ...]` becomes the service's user, so that the room could
signal it, says that it is ready, and then answers each line on its stdin with its count.
"""

import os
import pwd
import signal
import subprocess
import sys

from lab.kit import CHECKOUT
from lab.kit.room import ROOT

_SERVICE = "nobody"


class Stranger:
    """The process, seen from a test. `group` is its process group; 0 makes a new one."""

    def __init__(self, group: int = 0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lab.kit.stranger"],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=group,
        )
        self.pid = self._process.pid
        assert self._ask() == 0

    def signals(self) -> int:
        """How many signals it got since it was ready."""
        return self._ask()

    def close(self) -> None:
        self._process.communicate()

    def _ask(self) -> int:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def main() -> None:
    arrived = []
    for signum in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
        signal.signal(signum, lambda number, frame: arrived.append(number))
    if ROOT:
        os.setuid(pwd.getpwnam(_SERVICE).pw_uid)
    while sys.stdin.readline():
        print(len(arrived), flush=True)


if __name__ == "__main__":
    main()
