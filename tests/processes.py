"""Processes as tests see and make them: by pid, by group and by what the kernel tells of them."""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.room import is_alive, wait_for

needs_proc_locks = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/locks")


def fork(run: Callable[[], None]) -> int:
    """A child that runs this and exits with 0, or with 1 and a traceback; returns its pid."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        run()
        code = 0
    except BaseException:  # noqa: BLE001 - the child never returns into the test runner
        traceback.print_exc()
    finally:
        os._exit(code)


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
    wait_for(lambda: stat(pid)[0] == "T")


def of_group(group: int) -> list[int]:
    """Every living process of a group."""
    return [pid for pid in all_pids() if is_alive(pid) and process_group(pid) == group]


def all_pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def process_group(pid: int) -> int:
    """The process's group, 0 when it is gone; so with its parent."""
    return _number(pid, 2)


def parent(pid: int) -> int:
    return _number(pid, 1)


def _number(pid: int, field: int) -> int:
    try:
        return int(stat(pid)[field])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def status(pid: int, field: str) -> int:
    """A number of /proc/PID/status, such as VmRSS (in KiB) or voluntary_ctxt_switches."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    known = dict(line.split(":", 1) for line in lines)
    return int(known[field].split()[0])


def context_switches(pid: int) -> int:
    return status(pid, "voluntary_ctxt_switches") + status(pid, "nonvoluntary_ctxt_switches")


def is_waiting_for(path: Path, pid: int) -> bool:
    """Whether a process waits for a file's lock: an arrow in /proc/locks."""
    inode = path.stat().st_ino
    return any(
        line[1] == "->" and int(line[5]) == pid and line[6].endswith(f":{inode}")
        for line in map(str.split, Path("/proc/locks").read_text().splitlines())
        if len(line) > 6
    )
