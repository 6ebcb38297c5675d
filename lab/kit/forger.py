"""A client's process that was taken over, as far as the state directory goes: it forges files.

Run as a program by the service's user, `forger.py STATE_DIR RUN_DIR VICTIM`: it leaves a roster
entry, a group, a planned shutdown and a pid file that name a stranger's process, holds all of the
locks that it can, says that it is ready, and goes on until its stdin ends.
"""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.kit import CHECKOUT
from lab.kit.room import SERVICE, Room
from papayad.state import groups, roster

USER, SESSION = "mallory", "laptop"


@contextmanager
def forging(room: Room, victim: int) -> Iterator[None]:
    """A room in which that process is said to be everything."""
    places = (str(room.state_dir), str(room.settings.pid_file.parent), str(victim))
    process = subprocess.Popen(
        [sys.executable, "-m", "lab.kit.forger", *places],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **SERVICE,
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield


def main() -> None:
    state_dir, run_dir, victim = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    group = os.getpgid(victim)
    entry = roster.Entry("1.1", USER, "192.0.2.1:1", time.time(), group, SESSION, "0badc0de")
    roster.complete(roster.create(roster.directory(state_dir), entry), victim, victim)
    namespace = f"pid_namespace={groups.own_namespace()}\nsandbox=none\n"
    _held(groups.directory(state_dir) / str(group), namespace)
    _held(state_dir / "shutdown", f"{victim} {time.time() + 3600:.3f}\n")
    if not (run_dir / "papayad.pid").exists():
        _held(run_dir / "papayad.pid", f"{victim}\n")
    print("ready", flush=True)
    sys.stdin.read()


def _held(path: Path, content: str) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.write(descriptor, content.encode())
    return descriptor


if __name__ == "__main__":
    main()
