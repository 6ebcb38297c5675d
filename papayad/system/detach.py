"""Detaching: python-daemon's double fork, and a starter that waits (design section 2).

The command returns when the daemon has written its pid file, listens, and has init for a parent;
else with the daemon's reason. A service manager that sees it return can trust what it finds.
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import IO, Any

import daemon

from papayad.errors import DONE, FAILED, Fault
from papayad.system import process_group

Ready = Callable[[], None]


def detach(
    program: str, keep: Sequence[Any], stderr: IO[str] | None, serve: Callable[[Ready], None]
) -> int:
    """Run `serve` in a daemon that keeps the given files open; returns the starter's exit code."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return _wait(reading, child)
    os.close(reading)
    _become_daemon(program, [*keep, writing], stderr, writing, serve)
    os._exit(DONE)


def _wait(reading: int, child: int) -> int:
    """The starter: the daemon's word, an exit code, or its reason and the code behind it."""
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        words = pipe.read().decode()
    if not words:
        print("papayad: the daemon ended before it was ready: see its log", file=sys.stderr)
        return FAILED
    code, _, line = words.partition(" ")
    if line:
        print(line, file=sys.stderr)
    return int(code)


def _become_daemon(
    program: str,
    keep: Sequence[Any],
    stderr: IO[str] | None,
    starter: int,
    serve: Callable[[Ready], None],
) -> None:
    """In the starter's child, then in its grandchild."""

    def ready() -> None:
        os.write(starter, b"%d" % DONE)
        os.close(starter)

    with daemon.DaemonContext(
        detach_process=True,
        files_preserve=list(keep),
        stderr=stderr,
        umask=0o077,
        working_directory="/",
        signal_map={},
    ):
        _wait_for_init()
        process_group.enter_own()
        try:
            serve(ready)
        except Fault as fault:
            os.write(starter, f"{fault.code} {program}: {fault}\n".encode())


def _wait_for_init() -> None:
    """Until the process in between is gone, so that who supervises sees init's child."""
    deadline = time.monotonic() + 1.0
    while os.getppid() == os.getsid(0) and time.monotonic() < deadline:
        time.sleep(0.001)
