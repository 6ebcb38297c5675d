"""One process as the kernel shows it: its parent, its group, what it is doing.

Linux is read from /proc/PID/stat, which everybody may read; elsewhere psutil knows how.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

STOPPED = "stopped"
ENDED = "ended"  # a zombie: nobody took its exit status yet

_STATES = {"R": "running", "S": "sleeping", "D": "waiting", "T": STOPPED, "t": STOPPED, "Z": ENDED}


@dataclass(frozen=True, slots=True)
class Process:
    """`state` is one of running, sleeping, waiting (in the kernel), stopped, ended, other."""

    pid: int
    parent: int
    group: int
    state: str


def read(pid: int) -> Process | None:
    """The process with this pid, or None when there is none."""
    return _read_proc(pid) if sys.platform == "linux" else _read_psutil(pid)


def _read_proc(pid: int) -> Process | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, parent, group = text.rpartition(")")[2].split()[:3]  # the name before may hold anything
    return Process(pid, int(parent), int(group), _STATES.get(state, "other"))


def _read_psutil(pid: int) -> Process | None:
    import psutil

    words = {psutil.STATUS_DISK_SLEEP: "waiting", psutil.STATUS_ZOMBIE: ENDED}
    try:
        process = psutil.Process(pid)
        status = process.status()
        return Process(pid, process.ppid(), os.getpgid(pid), words.get(status, status))
    except (psutil.NoSuchProcess, ProcessLookupError):
        return None
