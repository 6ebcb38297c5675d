"""A pid namespace for a single test, which chooses there the number of the next process."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.kit import processes
from lab.kit.room import ROOT

_CLONE_NEWNS, _CLONE_NEWPID = 0x20000, 0x20000000
_PR_SET_PDEATHSIG = 1
_LAST_PID = Path("/proc/sys/kernel/ns_last_pid")


def can_choose_pids() -> bool:
    if not ROOT or shutil.which("unshare") is None:
        return False
    words = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", f"echo 100 > {_LAST_PID}"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


needs_pid_namespace = pytest.mark.skipif(
    not can_choose_pids(), reason="needs the right to make a pid namespace and to choose pids"
)


def run_in_pid_namespace(run: Callable[[], None]) -> None:
    """Run a function as init of a pid namespace, with its own /proc; its failure fails here, too.

    When it returns, the kernel ends all that is left in there.
    """

    def outside() -> None:
        _unshare()
        pid = processes.fork(inside)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0

    def inside() -> None:
        _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["mount", "-t", "proc", "proc", "/proc"], check=True)
        run()

    processes.run_in_child(outside)


def give_next(pid: int) -> None:
    """Give the next process in this namespace this pid, or the next one that is free."""
    _LAST_PID.write_text(str(pid - 1))


def most() -> int:
    """The limit of pids: after the last one below it they begin again."""
    return int(Path("/proc/sys/kernel/pid_max").read_text())


def reap() -> None:
    """Wait for children, as init does: then the pids of those that ended are free again."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _unshare() -> None:
    """os.unshare is there from Python 3.12 on only."""
    if _libc().unshare(_CLONE_NEWNS | _CLONE_NEWPID) != 0:
        sys.exit(f"unshare: {os.strerror(ctypes.get_errno())}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
