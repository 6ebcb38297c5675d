"""The scanner: a scan (disk.scan) driven by asyncio, in the screen's own thread.

It ends a process that does not answer for a while: some expressions take for ever on some texts,
and a message may have been written for that purpose.
"""

import asyncio
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress

from papayachat.chat.finder import Finder, Match
from papayachat.disk import scan
from papayachat.disk.replica import Replica
from papayachat.disk.search import Query
from papayachat.stream import again
from papayad.errors import Fault, reason

SILENT_FOR = 3.0  # seconds; a normal scan says something every few milliseconds
_READ_BYTES = 1 << 18


class Scanner:
    """`drawn` is called when there is something new to show, `failed` when it gave up."""

    def __init__(
        self,
        copy: Replica,
        query: Query,
        finder: Callable[[], Finder],
        drawn: Callable[[], None],
        failed: Callable[[], None],
    ) -> None:
        self._finder = finder
        self._drawn = drawn
        self._failed = failed
        self._owed = 0
        self._closed = False
        self._partial = b""
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._process = _started()
        assert self._process.stdout is not None
        self._stream = self._process.stdout.fileno()
        self._write(scan.request(copy, query))
        self._loop.add_reader(self._stream, self._read)

    def ask(self, low: int, high: int) -> None:
        self._owed += 1
        self._write(f"{low} {high}\n".encode())
        self._watch()

    def close(self) -> None:
        self._closed = True
        self._loop.remove_reader(self._stream)
        if self._timer is not None:
            self._timer.cancel()
        self._process.kill()
        with self._process, suppress(BrokenPipeError):
            pass

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended, so there will be no answer
            self._process.stdin.write(data)
            self._process.stdin.flush()

    def _read(self) -> None:
        data = os.read(self._stream, _READ_BYTES)
        if not data:
            self._give_up()
            return
        *lines, self._partial = (self._partial + data).split(b"\n")
        matches: list[Match] = []
        for line in map(bytes.decode, lines):
            if not line.startswith((scan.PROGRESS, scan.DONE)):
                matches.append(scan.parse(line))
            elif line == scan.DONE:
                self._finder().found(matches)
                matches = []
                self._owed -= 1
                self._finder().done()
        self._finder().found(matches)
        self._watch()
        self._drawn()

    def _watch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._owed > 0 and not self._closed:
            self._timer = self._loop.call_later(SILENT_FOR, self._give_up)

    def _give_up(self) -> None:
        self._failed()
        self._drawn()


def _started() -> "subprocess.Popen[bytes]":
    """A Fault if there is no process to be had."""
    try:
        return subprocess.Popen(
            again.command("papayachat.disk.scan"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise Fault("search", reason(error), "try again") from error
