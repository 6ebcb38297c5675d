"""Elsewhere: what a person does outside of the screen before coming back: an editor, the plain
text of the messages, another program.

Meanwhile the screen gives the terminal back, without the modes that it had asked for.
"""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from shutil import which
from types import FrameType

from papayachat.disk.replica import Replica
from papayachat.stream import again
from papayachat.stream.terminal import spoken
from papayad.errors import Fault, reason

BARE_LINES = 500
_MOST_COPIED = 74_000  # bytes that terminals accept
_EDITORS = ("sensible-editor", "editor", "nano", "vi")


def edited(text: str) -> str:
    """Let a person edit the text; return it. A Fault if there is no editor, or it failed."""
    with tempfile.TemporaryDirectory(prefix="papayachat-") as directory:
        path = Path(directory) / "message.txt"
        path.write_text(text, "utf-8")
        with _interrupted_by(lambda *_: None):  # Ctrl-C is the editor's
            _run([*_editor(), str(path)])
        return path.read_text("utf-8", "replace").rstrip("\n")


def browse(address: str) -> None:
    """Open an address with $BROWSER or the desktop's program, without waiting for it."""
    command = shlex.split(os.environ.get("BROWSER", "")) or ["xdg-open"]
    try:
        subprocess.Popen(
            [*command, address],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        remedy = "set $BROWSER, or /url copy"
        raise Fault(command[0], reason(error), remedy) from error


def clipboard(text: str) -> str:
    """The sequence that puts a text into a terminal's clipboard (OSC 52)."""
    data = text.encode()[:_MOST_COPIED]
    return f"\x1b]52;c;{b64encode(data).decode()}\x07"


def bare(copy: Replica, address: int) -> None:
    """Print the messages up to an address without columns, and wait for Enter."""
    lines = [spoken(line) for line in islice(copy.lines_back(address), BARE_LINES)]
    print("\n".join(reversed(lines)))
    print("\n(select what you want; Enter goes back)", flush=True)
    with _interrupted_by(signal.default_int_handler), suppress(KeyboardInterrupt):
        sys.stdin.readline()


def join() -> bool:
    """Ask for an invite, without showing it; return whether a room was joined."""
    with _interrupted_by(lambda *_: None):  # Ctrl-C ends the other one
        done = subprocess.run([*again.command("papayachat.main"), "join"], check=False)
    return done.returncode == 0


@contextmanager
def _interrupted_by(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Take Ctrl-C in another way: asyncio's would end the screen, some time later."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _editor() -> list[str]:
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if chosen:
        return shlex.split(chosen)
    found = next((name for name in _EDITORS if which(name)), None)
    if found is None:
        raise Fault("editor", "there is none", "set $EDITOR")
    return [found]


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(command, check=False)
    except OSError as error:
        raise Fault(command[0], reason(error), "set $EDITOR") from error
    if done.returncode != 0:
        raise Fault(command[0], f"ended with {done.returncode}", "the text stays as it was")
