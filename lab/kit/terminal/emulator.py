"""An emulator: papayachat in a real pty, drawn by pyte, so that a test sees what a person would."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import ClassVar

import pyte

from lab.kit import CHECKOUT
from lab.kit.terminal.scripted import SECONDS

_ASKS_BACKGROUND = b"\x1b]11;?\x1b\\"  # OSC 11, which pyte takes for another sequence


class Watched(pyte.Screen):
    """A screen that remembers when something happens that a message must never cause."""

    def __init__(self, columns: int, lines: int) -> None:
        self.bells = 0
        self.answers: list[str] = []
        super().__init__(columns, lines)

    def bell(self, *args: object) -> None:
        self.bells += 1

    def write_process_input(self, data: str) -> None:
        self.answers.append(data)


class Emulator:
    """A running papayachat and its terminal; both end with the test.

    To wait for one of them is to read all: a terminal that nobody reads stops its program.
    """

    _open: ClassVar[dict[int, "Emulator"]] = {}

    def __init__(
        self,
        *words: str,
        columns: int = 80,
        rows: int = 24,
        environment: dict[str, str] | None = None,
        program: tuple[str, ...] = (sys.executable, "-m", "papayachat"),
        background: str = "",
    ) -> None:
        """`background` is the terminal's answer to a program that asks for its background colour
        ("ffff/ffff/ffff"); if empty, it does not answer."""
        self.screen = Watched(columns, rows)
        self.raw = b""  # all that it ever wrote
        self.status: int | None = None
        self._background = background
        self._stream = pyte.ByteStream(self.screen)
        known = {
            "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONPATH": str(CHECKOUT),
        }
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            self._become([*program, *words], known | (environment or {}))
        self._open[self._master] = self
        self.resize(columns, rows)

    def _become(self, command: list[str], changes: dict[str, str]) -> None:
        kept = {
            name: value for name, value in os.environ.items() if name not in ("TMUX", "NO_COLOR")
        }
        os.execve(command[0], command, kept | changes)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def enter(self, text: str) -> None:
        data = text.encode()
        while data:
            data = data[os.write(self._master, data) :]

    def until(self, true: Callable[[], object]) -> None:
        """Read until the screen makes the condition true; fails after a while."""
        end = time.monotonic() + SECONDS
        while not true():
            if not self._read(end - time.monotonic()):
                shown = "\n".join(self.rows())
                raise AssertionError(f"never seen; the screen is:\n{shown}")

    def sees(self, *texts: str) -> None:
        self.until(lambda: all(text in self.text() for text in texts))

    def sees_no(self, text: str) -> None:
        self.until(lambda: text not in self.text())

    def rows(self) -> list[str]:
        return [row.rstrip() for row in self.screen.display]

    def text(self) -> str:
        return "\n".join(self.rows())

    def row_of(self, text: str) -> int:
        return next(number for number, row in enumerate(self.rows()) if text in row)

    def typed(self) -> str:
        """The input's last row."""
        return self.rows()[-1]

    def kill(self, signum: int = signal.SIGKILL) -> int:
        os.kill(self.pid, signum)
        return self.wait()

    def wait(self) -> int:
        """Read until papayachat ends; return the exit code, negative for a signal."""
        while self._master in self._open and self._read(SECONDS):
            pass
        if self.status is None:
            _, status = os.waitpid(self.pid, 0)
            self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def hang_up(self) -> int:
        """Close the terminal, as a closed window or a lost ssh does; return the exit code."""
        del self._open[self._master]
        os.close(self._master)
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def _read(self, seconds: float) -> bool:
        """Read what has come from any terminal; False when nothing comes, or this one ended."""
        ready = select.select(list(self._open), [], [], max(0.0, seconds))[0]
        ended = [each for each in ready if not self._open[each]._feed()]
        for master in ended:
            del self._open[master]
        return bool(ready) and self._master not in ended

    def _feed(self) -> bool:
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: it ended
            return False
        self.raw += data
        if _ASKS_BACKGROUND in data and self._background:
            self.enter(f"\x1b]11;rgb:{self._background}\x1b\\")
        self._stream.feed(data.replace(_ASKS_BACKGROUND, b""))
        return bool(data)

    def __enter__(self) -> "Emulator":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.status is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self._open.pop(self._master, None)
        with suppress(OSError):
            os.close(self._master)
