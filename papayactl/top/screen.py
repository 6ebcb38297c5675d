"""`top` in a terminal: draws a Board with rich, and turns bytes of the keyboard into keys.

The loop sleeps in select(2) until a key comes, the window changes or it is time to look again.
"""

import os
import re
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from papayactl.cli import cells
from papayactl.top.board import ABOVE, BELOW, MOVES, Board

_SEQUENCE = re.compile(r"\x1b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])|.", re.DOTALL)
_NAMES = {
    "\x1b[A": "up",
    "\x1bOA": "up",
    "\x1b[B": "down",
    "\x1bOB": "down",
    "\x1b[5~": "pageup",
    "\x1b[6~": "pagedown",
    "\x1b[H": "home",
    "\x1b[1~": "home",
    "\x1b[F": "end",
    "\x1b[4~": "end",
    "\x1b": "escape",
    "\r": "enter",
    "\n": "enter",
    "\x7f": "backspace",
    "\x08": "backspace",
    "\x03": "ctrl-c",
}


def run(board: Board, interval: float, looks: int | None) -> None:
    """Show the board until q is pressed, or for as many looks as are asked for."""
    fixed = ("COLUMNS", "LINES")  # from our starter; a window can change
    console = Console(_environ={key: os.environ[key] for key in os.environ if key not in fixed})
    due = 0.0
    with (
        _keyboard() as (keyboard, woken),
        Live(console=console, screen=True, auto_refresh=False) as live,
    ):
        while not board.done:
            width, height = console.size
            visible = max(1, height - ABOVE - BELOW - 1)
            if time.monotonic() >= due:
                board.refresh(visible)
                due = time.monotonic() + interval
                if looks is not None:
                    looks -= 1
            live.update(_drawn(board, width, height), refresh=True)
            if looks is not None and looks <= 0:
                return
            for key in _keys(keyboard, woken, due):
                board.press(key)
                due = due if key in MOVES else 0.0
            board.reveal(visible)


def keys(text: str) -> list[str]:
    """The names of the keys that a terminal sent."""
    return [_NAMES.get(one, one) for one in _SEQUENCE.findall(text)]


def _keys(keyboard: int, woken: int, due: float) -> list[str]:
    ready, _, _ = select.select([keyboard, woken], [], [], max(0.0, due - time.monotonic()))
    if woken in ready:
        os.read(woken, 64)
    if keyboard not in ready:
        return []
    data = os.read(keyboard, 1024)
    return keys(data.decode("utf-8", "replace")) if data else ["q"]


def _drawn(board: Board, width: int, height: int) -> Text:
    lines, chosen = board.lines(width, height)
    drawn = Text(no_wrap=True, overflow="crop")
    for number, line in enumerate(lines):
        style = ""
        if number == 0 or number == ABOVE:
            style = "bold"
        elif number == ABOVE - 1:
            style = "yellow"
        elif number == len(lines) - 1:
            style = "dim"
        if number == chosen:
            style, line = "reverse", cells.fill(line, width)
        drawn.append(line, style)
        if number < len(lines) - 1:
            drawn.append("\n")
    return drawn


@contextmanager
def _keyboard() -> Iterator[tuple[int, int]]:
    """Get each key at once and without echo; the second descriptor wakes if the window changes."""
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    old_handler = signal.signal(signal.SIGWINCH, lambda *_: None)
    old_wakeup = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    tty.setcbreak(keyboard)
    try:
        yield keyboard, reading
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
        signal.set_wakeup_fd(old_wakeup)
        signal.signal(signal.SIGWINCH, old_handler)
        os.close(reading)
        os.close(writing)
