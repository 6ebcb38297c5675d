"""What a set of processes has used, as the kernel counts it (a leaf).

`nanoseconds` is the scheduler's count, summed over all threads of all the processes; it is exact at
any moment. utime and stime, which top(1) shows, grow in steps of 10 ms for each process, so they
hardly count many processes that are young.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

LINUX = Path("/proc/self/schedstat").exists()
_GONE = (FileNotFoundError, ProcessLookupError)


@dataclass(frozen=True, slots=True)
class Usage:
    """Sums since the processes began; CPU in seconds, context switches as counts."""

    nanoseconds: float = 0.0
    voluntary: int = 0
    involuntary: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.nanoseconds + other.nanoseconds,
            self.voluntary + other.voluntary,
            self.involuntary + other.involuntary,
        )

    def __sub__(self, other: "Usage") -> "Usage":
        return Usage(
            self.nanoseconds - other.nanoseconds,
            self.voluntary - other.voluntary,
            self.involuntary - other.involuntary,
        )


def parse_group(text: str) -> int:
    """The process group, from /proc/PID/stat."""
    return int(text.rpartition(")")[2].split()[2])


def parse_schedstat(text: str) -> float:
    """CPU seconds, from a thread's schedstat."""
    return int(text.split()[0]) / 1e9


def parse_status(text: str) -> tuple[int, int]:
    """Voluntary and involuntary context switches, from a thread's status."""
    lines = dict(line.partition(":\t")[::2] for line in text.splitlines())
    return int(lines["voluntary_ctxt_switches"]), int(lines["nonvoluntary_ctxt_switches"])


def parse_io(text: str) -> tuple[int, int]:
    """Bytes read and written, from /proc/PID/io."""
    lines = dict(line.partition(": ")[::2] for line in text.splitlines())
    return int(lines["rchar"]), int(lines["wchar"])


def parse_pss(text: str) -> int:
    """Bytes, from smaps_rollup."""
    return next(int(line.split()[1]) for line in text.splitlines() if line[:4] == "Pss:") * 1024


def parse_kernel_memory(text: str) -> int:
    """Bytes of /proc/meminfo that processes and sockets cost in the kernel."""
    lines = dict(line.partition(":")[::2] for line in text.splitlines())
    return sum(int(lines[name].split()[0]) for name in ("Slab", "PageTables", "KernelStack")) * 1024


def members(groups: Collection[int]) -> list[int]:
    """The processes of some process groups."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(*_GONE):
                if parse_group(_read(f"/proc/{name}/stat")) in groups:
                    found.append(int(name))
    return found


def usage(pids: Collection[int]) -> Usage:
    """What these processes have used; one that has ended is not counted, so ask before it ends."""
    return sum((_of_process(pid) for pid in pids), Usage())


def moved(pids: Collection[int]) -> tuple[int, int]:
    """Bytes that these processes have read and written by read(2) and write(2) and their kin.

    What they have read by recv(2) is not counted.
    """
    files = [parse_io(_read(f"/proc/{pid}/io")) for pid in pids]
    return sum(read for read, _ in files), sum(written for _, written in files)


def pss(pids: Collection[int]) -> int:
    """Proportional set size in bytes: a page that n processes share counts 1/n for each."""
    total = 0
    for pid in pids:
        with suppress(*_GONE):
            total += parse_pss(_read(f"/proc/{pid}/smaps_rollup"))
    return total


def kernel_memory() -> int:
    """The kernel's memory of the whole machine; a difference is rough if other programs run."""
    return parse_kernel_memory(_read("/proc/meminfo"))


def _of_process(pid: int) -> Usage:
    total = Usage()
    with suppress(*_GONE):
        for thread in _threads(pid):
            with suppress(*_GONE):
                voluntary, involuntary = parse_status(_read(f"{thread}/status"))
                nanoseconds = parse_schedstat(_read(f"{thread}/schedstat"))
                total += Usage(nanoseconds, voluntary, involuntary)
    return total


def _threads(pid: int) -> Iterator[str]:
    return (f"/proc/{pid}/task/{name}" for name in os.listdir(f"/proc/{pid}/task"))


def _read(path: str) -> str:
    with open(path) as file:
        return file.read()
