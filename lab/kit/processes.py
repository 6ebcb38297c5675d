"""Making, stopping and awaiting processes; what the kernel says of them is in `kernel`."""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NoReturn

import pytest

from lab.kit.machine import kernel
from lab.kit.room import is_alive, wait_for

needs_proc_locks = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/locks")


def fork(run: Callable[[], None]) -> int:
    """Fork a child that runs this and exits with 0, or with 1 and a traceback; return its pid."""
    pid = os.fork()
    if pid == 0:
        live(run)
    return pid


def live(run: Callable[[], None]) -> NoReturn:
    """A child's side of a fork."""
    code = 1
    try:
        run()
        code = 0
    except BaseException:  # noqa: BLE001 - the child never returns into the test runner
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def run_in_child(run: Callable[[], None]) -> None:
    """Run this in a process of its own; if it fails there, it fails here."""
    assert exit_code(fork(run)) == 0


def exit_code(pid: int) -> int:
    """Wait for a child; its exit code, or the signal that ended it as a negative number."""
    try:
        return os.waitstatus_to_exitcode(wait_for(lambda: _status(pid))[0])
    except AssertionError:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        raise


def _status(pid: int) -> list[int]:
    waited, status = os.waitpid(pid, os.WNOHANG)
    return [status] if waited else []


def wait_until_gone(pids: Iterable[int]) -> None:
    for pid in pids:
        wait_for(lambda pid=pid: not is_alive(pid))  # type: ignore[misc]


def freeze(pid: int) -> None:
    """Stop a process and wait until it stands still."""
    os.kill(pid, signal.SIGSTOP)
    wait_for(lambda: kernel.fields(pid)["State"][0] == "T")


def is_waiting_for(path: Path, pid: int) -> bool:
    """Whether a process waits for a file's lock: an arrow in /proc/locks."""
    inode = path.stat().st_ino
    return any(
        line[1] == "->" and int(line[5]) == pid and line[6].endswith(f":{inode}")
        for line in map(str.split, Path("/proc/locks").read_text().splitlines())
        if len(line) > 6
    )
