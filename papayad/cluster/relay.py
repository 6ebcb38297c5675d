"""The relay: the acceptor's children log through it, a named pipe in run_dir.

The acceptor makes it and reads it; its children inherit the end to write to. So a cluster needs no
socket, and no standard stream, which may be somebody's terminal; and the one process that may
connect finds a syslog daemon again that was restarted. The pipe has a name because a later acceptor
has to read what the clusters of earlier ones write. Only the acceptor can read it: Landlock keeps
clusters from opening it, and its mode lets its owner only write.

A client may have taken over the process that wrote a line. So lines are bounded and checked, and a
line has no effect but an entry in the journal, or a look at which process holds the log's lock.
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
_RATE, _BURST = 10.0, 200  # lines of all clusters: a second, and at once
_REST = 1.0  # seconds without reading after more than that
_SAID_AGAIN_AFTER = 60.0  # seconds
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
_LINE = re.compile(rb"(\d{1,7}) (?:([346]) (.+)|%b)" % RING.encode())


def path(pid_file: Path) -> Path:
    """The pipe's path, beside the pid file."""
    return pid_file.with_name("relay")


def open_ends(path: Path) -> tuple[int, int]:
    """Open its ends, to read and to write, as the holder of the pid file's lock. Raises OSError."""
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
    """The acceptor's end. `stuck` is called when a process cannot get the log's lock."""

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
        """Pass on the lines that have come, without waiting. `due` is set if they are too many."""
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
        """Stop reading for a while. A call for help may be among what is lost, so act as on one."""
        now = time.monotonic()
        self.due = now + _REST
        self._stuck()
        if now > self._complain_after:
            self._complain_after = now + _SAID_AGAIN_AFTER
            self._journal.warning(
                "clusters say more than can be passed on: lines of theirs are lost"
            )
