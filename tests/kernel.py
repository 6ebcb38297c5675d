"""What the kernel tells of a process: the facts behind titles and roster entries (proc(5))."""

import os
from pathlib import Path


def fields(pid: int) -> dict[str, str]:
    """/proc/PID/status, a value for each name."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def parent(pid: int) -> int:
    return int(fields(pid)["PPid"])


def children(pid: int) -> list[int]:
    """Of all its threads; zombies are children too."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(word) for word in (task / "children").read_text().split()]
    return found


def descriptors(pid: int) -> dict[int, str]:
    """Open descriptors and what they are: a path, "socket:[INODE]", "pipe:[INODE]"."""
    known = {}
    for link in Path(f"/proc/{pid}/fd").iterdir():
        known[int(link.name)] = os.readlink(link)
    return known


def limit(pid: int, name: str) -> tuple[str, str]:
    """Soft and hard, of a name such as "Max processes"."""
    for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
        if line.startswith(name):
            soft, hard = line[len(name) :].split()[:2]
            return soft, hard
    raise KeyError(name)


def signals(pid: int, field: str) -> set[int]:
    """The signals in a mask of /proc/PID/status, such as SigBlk, SigIgn, SigCgt."""
    mask = int(fields(pid)[field], 16)
    return {bit + 1 for bit in range(64) if mask >> bit & 1}


def umask(pid: int) -> int:
    return int(fields(pid)["Umask"], 8)
