"""What the kernel tells of a process: the facts behind titles and roster entries (proc(5))."""

import os
from contextlib import suppress
from pathlib import Path


def fields(pid: int) -> dict[str, str]:
    """/proc/PID/status, a value for each name."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def number(pid: int, name: str) -> int:
    """One of them, such as VmRSS (in KiB)."""
    return int(fields(pid)[name].split()[0])


def context_switches(pid: int) -> int:
    known = fields(pid)
    return int(known["voluntary_ctxt_switches"]) + int(known["nonvoluntary_ctxt_switches"])


def parent(pid: int) -> int:
    """The pid of the parent; 0 when the process is gone."""
    try:
        return number(pid, "PPid")
    except (FileNotFoundError, ProcessLookupError):
        return 0


def command_line(pid: int) -> str:
    """Its title, or its arguments with spaces between them."""
    words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return " ".join(words).rstrip()


def process_group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def children(pid: int) -> list[int]:
    """The children of all its threads; zombies are among them."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(word) for word in (task / "children").read_text().split()]
    return found


def descriptors(pid: int) -> dict[int, str]:
    """Open descriptors and what they are: a path, "socket:[INODE]", "pipe:[INODE]"."""
    known = {}
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            known[int(link.name)] = os.readlink(link)
    return known


def tcp_sockets() -> dict[str, tuple[int, int]]:
    """The own and the peer's port of every TCP socket here, by its name as a descriptor."""
    known = {}
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            words = line.split()
            ports = [int(words[place].rpartition(":")[2], 16) for place in (1, 2)]
            known[f"socket:[{words[9]}]"] = (ports[0], ports[1])
    return known


def unacknowledged(port: int, peer: int) -> int:
    """Bytes that a socket has sent, or is to send, and that its peer has not confirmed."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        ports = tuple(int(words[place].rpartition(":")[2], 16) for place in (1, 2))
        if ports == (port, peer):
            return int(words[4].partition(":")[0], 16)
    raise KeyError((port, peer))


def of_group(group: int) -> list[int]:
    """Every process of a process group but zombies."""
    found = []
    for name in os.listdir("/proc"):
        with suppress(FileNotFoundError, ProcessLookupError):
            pid = int(name) if name.isdigit() else 0
            if pid and process_group(pid) == group and fields(pid)["State"][0] != "Z":
                found.append(pid)
    return found


def limit(pid: int, name: str) -> tuple[str, str]:
    """The soft and the hard limit of a name such as "Max processes"."""
    for line in Path(f"/proc/{pid}/limits").read_text().splitlines():
        if line.startswith(name):
            soft, hard = line[len(name) :].split()[:2]
            return soft, hard
    raise KeyError(name)


def cpu_nanoseconds(pid: int) -> int:
    """The CPU time as the scheduler counts it, and not in ticks of 10 ms."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def cpu_seconds(pid: int) -> float:
    return cpu_nanoseconds(pid) / 1e9


def signals(pid: int, field: str) -> set[int]:
    """The signals in a mask of /proc/PID/status, such as SigBlk, SigIgn, SigCgt."""
    mask = int(fields(pid)[field], 16)
    return {bit + 1 for bit in range(64) if mask >> bit & 1}


def umask(pid: int) -> int:
    return int(fields(pid)["Umask"], 8)
