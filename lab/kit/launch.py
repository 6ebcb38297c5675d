"""papayad, started in all the ways in which programs start others, and what it printed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

from lab.kit.room import PATIENCE, Room, wait_for
from papayad.errors import DONE

# Prints the parent of a process whose first parent has ended: init, or a subreaper above the tests.
_ORPHAN = """
import os, time
parent = os.getpid()
if os.fork() == 0:
    while os.getppid() == parent:
        time.sleep(0.001)
    print(os.getppid())
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command left: its exit code and its words."""

    code: int
    stdout: str
    stderr: str


def run(room: Room, *options: str, **how: Any) -> Said:
    """Run papayad until it returns; output goes to files, since a daemon keeps its stderr open."""
    with TemporaryFile("w+") as out, TemporaryFile("w+") as errors:
        known: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": errors}
        code = subprocess.run(room.command(*options), timeout=60, **known | how).returncode
        for file in (out, errors):
            file.seek(0)
        return Said(code, out.read(), errors.read())


@contextmanager
def foreground(room: Room, **how: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """Start papayad --foreground and wait until it serves; its stderr goes to a file by default."""
    with (room.directory / "stderr").open("ab") as errors:
        known: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stderr": errors}
        process = subprocess.Popen(room.command("--foreground"), **known | how)
    try:
        wait_for(lambda: room.acceptor() or process.poll() is not None)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)


@contextmanager
def daemon(room: Room, **how: Any) -> Iterator[None]:
    """Start papayad as a daemon, which the room ends; its output goes to the room's journal."""
    with (room.directory / "stderr").open("ab") as errors:
        assert run(room, stderr=errors, **how).code == DONE
    yield


def adopter() -> int:
    """The pid of the process whose child an orphan becomes."""
    words = subprocess.run(
        [sys.executable, "-c", _ORPHAN], capture_output=True, check=True, timeout=PATIENCE
    )
    return int(words.stdout)


def ignore_room_signals() -> None:
    """For `preexec_fn`: a starter that ignores signals that it should not ignore."""
    for signum in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(signum, signal.SIG_IGN)


def block_all_signals() -> None:
    """For `preexec_fn`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


def close_streams() -> None:
    """For `preexec_fn`: a starter without standard streams."""
    os.closerange(0, 3)


def forbid_all() -> None:
    """For `preexec_fn`: a umask that lets nobody do anything with new files."""
    os.umask(0o777)


def allow_all() -> None:
    """For `preexec_fn`."""
    os.umask(0)
