"""Faults that hardly happen by themselves: strace makes system calls of a process fail."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.kit.room import is_alive, wait_for

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")


@contextmanager
def injecting(pid: int, *injections: str, follow: bool = False) -> Iterator[None]:
    """Change system calls of a process, each as strace's `-e inject=` describes it."""
    calls = ",".join(one.partition(":")[0] for one in injections)
    command = ["strace", "-qq", "-o", os.devnull, "-p", str(pid), "-e", f"trace={calls}"]
    for one in injections:
        command += ["-e", f"inject={one}"]
    tracer = subprocess.Popen([*command, *(["-f"] if follow else [])], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: tracer.poll() is not None or traced_by(pid) == tracer.pid)
        assert tracer.poll() is None, f"strace cannot trace {pid}"
        yield
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
        wait_for(lambda: not is_alive(pid) or traced_by(pid) == 0)


def traced_by(pid: int) -> int:
    """The pid of the tracer, 0 without one."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("TracerPid:"))
