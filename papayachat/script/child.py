"""The child: a bot's command, as a process that is started again whenever it ends.

A line that it had not read completely when it ended goes to the next one. If it does not read fast
enough, `is_full` says to wait.
"""

import os
import subprocess
import time
from collections import deque
from contextlib import suppress

from papayachat.room.backoff import Backoff
from papayachat.stream.stdin import Typed
from papayad.errors import UNAVAILABLE, Fault, reason

LINES_UNREAD = 1000  # lines that it may be behind
STEADY_AFTER = 10.0  # seconds; if it ran as long, its end is not a failed start
_ENDS_WITHIN = 5.0


class Child:
    """`said` is what comes from its stdout, None while it does not run."""

    def __init__(self, command: list[str]) -> None:
        self.said: Typed | None = None
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: deque[bytes] = deque()
        self._partial = b""
        self._backoff = Backoff()
        self._start_at = self._started_at = time.monotonic()

    @property
    def is_full(self) -> bool:
        return len(self._lines) >= LINES_UNREAD

    @property
    def stdin(self) -> int | None:
        """The descriptor to poll while there is something to write."""
        waiting = bool(self._lines or self._partial)
        stream = self._process.stdin if self._process is not None and waiting else None
        return None if stream is None else stream.fileno()

    @property
    def pause(self) -> float | None:
        """Seconds until it is started again; None while it runs."""
        return None if self._process is not None else max(0.0, self._start_at - time.monotonic())

    def start_if_due(self) -> None:
        """Start it if it does not run and its pause is over; a Fault if it cannot be run."""
        if self._process is not None or time.monotonic() < self._start_at:
            return
        self._started_at = time.monotonic()
        try:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
        except OSError as error:
            raise Fault(self._command[0], reason(error), code=UNAVAILABLE) from error
        assert self._process.stdin is not None and self._process.stdout is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        self._partial = b""
        self.said = Typed(self._process.stdout.fileno())

    def give(self, line: str) -> None:
        self._lines.append(f"{line}\n".encode())
        self.write()

    def write(self) -> None:
        """Write as much as it takes now."""
        stream = self._process.stdin if self._process is not None else None
        if stream is None:
            return
        try:
            while self._partial or self._lines:
                self._partial = self._partial or self._lines[0]
                done = os.write(stream.fileno(), self._partial)
                self._partial = self._partial[done:]
                if not self._partial:
                    self._lines.popleft()
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._partial = b""  # it ends, or reads no more: its stdout will show which

    def reap(self) -> tuple[int, float]:
        """Wait for its end, since it closed its stdout; return its exit code and the next pause."""
        code = self.stop()
        if time.monotonic() - self._started_at > STEADY_AFTER:
            self._backoff.reset()
        delay = self._backoff.delay()
        self._start_at = time.monotonic() + delay
        return code, delay

    def stop(self) -> int:
        """End it: it sees the end of its stdin, then SIGTERM, then SIGKILL."""
        process, self._process, self.said = self._process, None, None
        if process is None:
            return 0
        with process:  # to close its pipes
            with suppress(BrokenPipeError):
                assert process.stdin is not None
                process.stdin.close()
            for end in (process.terminate, process.kill):
                with suppress(subprocess.TimeoutExpired):
                    return process.wait(_ENDS_WITHIN)
                end()
            return process.wait()
