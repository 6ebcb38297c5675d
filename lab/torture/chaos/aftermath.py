"""What has to be true after chaos: nothing lost, nothing twice, nothing left over."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from lab.kit.device import Device
from lab.kit.machine.kernel import descriptors, of_group
from lab.kit.room import Room, is_alive, wait_for
from papayad.formats import record
from papayad.state import roster


def judge_log(room: Room, devices: list[Device]) -> None:
    """The log is whole, each message is in it exactly once, each copy equals a part of it."""
    verified = subprocess.run(
        [sys.executable, "-m", "papayactl", "--config", str(room.path), "log", "verify"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert verified.returncode == 0, f"papayactl log verify: {verified.stdout}{verified.stderr}"
    assert all(record.parse(line) for line in room.log().splitlines()), "the log is not whole"
    for device in devices:
        device.assert_exactly_once(in_order=False)


def judge_rest(
    room: Room, devices: list[Device], pids: set[int], groups: set[int], bare: Counter[str]
) -> None:
    """When everybody has left, the acceptor has no more than at first; after it, nothing is left.

    `pids` and `groups` are those of all processes that there ever were; `bare` are the kinds of
    descriptors that the acceptor had before the first client.
    """
    for device in devices:
        device.peer.close()
    wait_for(lambda: not roster.names(roster.directory(room.state_dir)))
    wait_for(lambda: kinds(room.acceptor()) == bare)
    groups.add(room.acceptor())
    room.stop_acceptor()
    wait_for(lambda: not room.groups())
    wait_for(lambda: [pid for group in groups for pid in of_group(group)] == [])
    left = [pid for pid in pids if is_alive(pid) and _is_papayad(pid)]
    assert left == [], f"processes are left: {left}"
    held = [path for path in room.state_dir.rglob("*") if _is_locked(path)]
    assert held == [], f"locks are left: {held}"
    known = [f"{pid} has {path}" for pid, path in _open_below(room.directory)]
    assert known == [], f"descriptors are left: {known}"


def kinds(pid: int) -> Counter[str]:
    """How many descriptors of each kind a process has, without the numbers of sockets and pipes."""
    names = [name.split(":")[0] for name in descriptors(pid).values()]
    return Counter("group" if "/groups/" in name else name for name in names)


def _open_below(directory: Path) -> Iterator[tuple[int, str]]:
    """The files below a directory that any process of this machine has open."""
    for name in os.listdir("/proc"):
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if name.isdigit():
                for path in descriptors(int(name)).values():
                    if path.startswith(f"{directory}/state"):
                        yield int(name), path


def _is_locked(path: Path) -> bool:
    status = path.stat()
    major, minor = os.major(status.st_dev), os.minor(status.st_dev)
    file = f" {major:02x}:{minor:02x}:{status.st_ino} "
    return any(file in line for line in Path("/proc/locks").read_text().splitlines())


def _is_papayad(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"papayad[")
    return False
