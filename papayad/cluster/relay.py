"""The relay: what the acceptor's children say goes back to it, through a named pipe in run_dir.

The acceptor makes it and reads it; whatever it forks inherits the end to write to. So a cluster
needs no socket, and no stream that may be somebody's terminal, and a syslog daemon that was
restarted is found again by the one process that may connect. The pipe has a name because a later
acceptor has to hear the clusters of earlier ones. Only the acceptor reads it: it is outside of what
Landlock leaves to a cluster, and its mode lets its owner write only.

What comes out of it was written by a process that may be a client's by now: it is bounded and
checked, and leads to no more than a line in the journal, or a look at who holds the log's lock.
"""

import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path

from papayad.formats.harmless import harmless
from papayad.net.throttle import Throttle
from papayad.system.journal import RING, Journal

_CHUNK = 65536  # bytes; what the pipe holds
_RATE, _BURST = 10.0, 200  # lines a second of all clusters, and at once
_REST = 1.0  # seconds without reading, when there are more
_SAID_AGAIN_AFTER = 60.0  # seconds
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
_LINE = re.compile(rb"(\d{1,7}) (?:([346]) (.+)|%b)" % RING.encode())


def path(pid_file: Path) -> Path:
    """Its name, beside the pid file."""
    return pid_file.with_name("relay")


def open_ends(path: Path) -> tuple[int, int]:
    """The ends to read and to write; by the holder of the pid file's lock. Raises OSError."""
    try:
        os.mkfifo(path)
    except FileExistsError:
        if not stat.S_ISFIFO(path.lstat().st_mode):
            path.unlink()
            os.mkfifo(path)
    path.chmod(0o600)
    ends = os.open(path, os.O_RDONLY | _FLAGS), os.open(path, os.O_WRONLY | _FLAGS)
    path.chmod(0o200)
    return ends


class Relay:
    """The acceptor's end. `stuck` is called when somebody cannot have the log's lock."""

    def __init__(self, descriptor: int, journal: Journal, stuck: Callable[[], None]) -> None:
        self.descriptor = descriptor
        self.due: float | None = None  # while it rests: the time of the next read
        self._journal = journal
        self._stuck = stuck
        self._partial = b""
        self._throttle = Throttle(_RATE, _BURST)
        self._complain_after = 0.0

    def is_due(self, now: float) -> bool:
        """Whether a rest is over."""
        if self.due is None or now < self.due:
            return False
        self.due = None
        return True

    def read(self) -> None:
        """Pass on what has come; never waits. `due` is set when that is too much."""
        *lines, partial = (self._partial + self._receive()).split(b"\n")
        self._partial = partial[-_CHUNK:]
        for line in lines:
            if line and not self._throttle.consume(1):
                self._rest()
                break
            self._pass_on(line)

    def _receive(self) -> bytes:
        try:
            return os.read(self.descriptor, _CHUNK)
        except BlockingIOError:
            return b""

    def _pass_on(self, line: bytes) -> None:
        match = _LINE.fullmatch(line)
        if match is None:
            return
        pid, priority, words = match.groups()
        if priority is None:
            self._stuck()
        else:
            self._journal.pass_on(
                int(pid), int(priority), harmless(words.decode("utf-8", "replace"))
            )

    def _rest(self) -> None:
        """What is lost may have been a call for help, so it is taken for one."""
        now = time.monotonic()
        self.due = now + _REST
        self._stuck()
        if now > self._complain_after:
            self._complain_after = now + _SAID_AGAIN_AFTER
            self._journal.warning(
                "clusters say more than can be passed on: lines of theirs are lost"
            )
