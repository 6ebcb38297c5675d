"""The open files of a process, the position in each, and the one that it waits for.

Only on Linux, and only for root if the process changed its uid: otherwise nothing is known.
"""

from dataclasses import dataclass

from papayactl.system import proc

_FIRST = 3  # 0, 1 and 2 are never a client's socket


@dataclass(frozen=True, slots=True)
class Descriptor:
    """`target` is a path or like "socket:[4711]"."""

    number: int
    target: str


def read(pid: int) -> list[Descriptor] | None:
    """The descriptors in their order; None if we may not know them."""
    found = proc.descriptors(pid)
    if found is None:
        return None
    return [Descriptor(int(number), found[number]) for number in sorted(found, key=int)]


def position(pid: int, number: int) -> int | None:
    """The file position of a descriptor."""
    return proc.fields(proc.text(pid, f"fdinfo/{number}") or "").get("pos")


def waited_for(pid: int) -> int | None:
    """The descriptor in whose system call a process sleeps, on any architecture.

    /proc/PID/syscall gives the arguments: write(2) and sendfile(2) begin with the descriptor,
    sigtimedwait(2) with a pointer, clock_nanosleep(2) with a clock below `_FIRST`.
    """
    words = (proc.text(pid, "syscall") or "").split()
    if len(words) < 3 or words[0] == "-1":
        return None
    argument = int(words[1], 16)
    return argument if _FIRST <= argument < 1 << 20 else None
