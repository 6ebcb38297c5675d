"""One process as the kernel shows it: its parent, its group, what it is doing, what it used.

On Linux it is read from /proc/PID/stat, which everybody may read; elsewhere psutil does it.
"""

import os
import sys
import time
from dataclasses import dataclass

from papayactl.system import proc

STOPPED = "stopped"
ENDED = "ended"  # a zombie: nobody took its exit status yet

_STATES = {"R": "running", "S": "sleeping", "D": "waiting", "T": STOPPED, "t": STOPPED, "Z": ENDED}
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PARENT, _GROUP, _USER, _SYSTEM, _THREADS, _STARTED, _RSS = 1, 2, 11, 12, 17, 19, 21


@dataclass(frozen=True, slots=True)
class Process:
    """`state` is one of running, sleeping, waiting (in the kernel), stopped, ended, other.

    `user` and `system` are seconds as ps counts them, by ticks; `rss` is in bytes; `started` is in
    the kernel's own unit and tells two processes of one pid apart.
    """

    pid: int
    parent: int
    group: int
    state: str
    user: float = 0.0
    system: float = 0.0
    threads: int = 1
    started: float = 0.0
    rss: int = 0


def read(pid: int) -> Process | None:
    """The process with this pid, or None when there is none."""
    return _read_proc(pid) if sys.platform == "linux" else _read_psutil(pid)


def age(seen: Process) -> float:
    """Seconds since a process began."""
    if sys.platform != "linux":
        return time.time() - seen.started
    return time.clock_gettime(time.CLOCK_BOOTTIME) - seen.started / _TICK


def _read_proc(pid: int) -> Process | None:
    text = proc.text(pid, "stat")
    if not text:
        return None
    words = text.rpartition(")")[2].split()  # the name before that may contain anything
    return Process(
        pid,
        int(words[_PARENT]),
        int(words[_GROUP]),
        _STATES.get(words[0], "other"),
        int(words[_USER]) / _TICK,
        int(words[_SYSTEM]) / _TICK,
        int(words[_THREADS]),
        int(words[_STARTED]),
        int(words[_RSS]) * _PAGE,
    )


def _read_psutil(pid: int) -> Process | None:
    import psutil

    words = {psutil.STATUS_DISK_SLEEP: "waiting", psutil.STATUS_ZOMBIE: ENDED}
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            status = process.status()
            times = process.cpu_times()
            return Process(
                pid,
                process.ppid(),
                os.getpgid(pid),
                words.get(status, status),
                times.user,
                times.system,
                process.num_threads(),
                process.create_time(),
                process.memory_info().rss,
            )
    except (psutil.NoSuchProcess, ProcessLookupError):
        return None
    except psutil.AccessDenied:
        return Process(pid, 0, os.getpgid(pid), "other")
