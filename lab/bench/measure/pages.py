"""Which processes share the pages of a cluster: why a client costs what it costs. Linux, as root.

A page of anonymous memory that was there before a fork is shared until a process writes to it, and
CPython writes to every object that it looks at: the reference count. /proc/PID/pagemap tells the
frame of physical memory behind each page, and the processes that have the same frame share it:

- own: only this process has it, since it wrote to the page after the fork;
- pair: only RECV and SEND of one cluster have it: RECV wrote to it before it forked SEND, or the
  acceptor wrote to it later, and the cluster keeps the only copy of the old content;
- few: several clusters have it, the acceptor no longer has it;
- all: the acceptor has it, too.
"""

import os
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab.bench.tools import Missing

PAGE = os.sysconf("SC_PAGESIZE")
CLASSES = ("own", "pair", "few", "all")
_ENTRY = 8  # bytes in pagemap
_SETTLE = 0.2  # seconds
_PRESENT, _OF_A_FILE = 1 << 63, 1 << 61
_FRAME = (1 << 55) - 1

# A process with nothing but the interpreter forks twice, and both children wait.
FLOOR = """
import gc, posix
gc.collect(); gc.freeze(); gc.disable()
reading, writing = posix.pipe()
children = [posix.fork(), 0]
children[1] = children[0] and posix.fork()
posix.close(writing) if 0 in children else print(*children, flush=True)
posix.read(0 if all(children) else reading, 1)
"""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Pages from `start` up to `end`; what is mapped there, without its directory."""

    start: int
    end: int
    name: str


def parse_maps(text: str) -> list[Mapping]:
    """From /proc/PID/maps; memory without a name is the interpreter's objects, or a library's."""
    found: list[Mapping] = []
    for fields in (line.split(None, 5) for line in text.splitlines()):
        start, end = (int(word, 16) // PAGE for word in fields[0].split("-"))
        name = os.path.basename(fields[5].strip()) if len(fields) > 5 else "objects"
        found.append(Mapping(start, end, name))
    return found


def frames(pid: int) -> dict[int, int]:
    """The frame of each page of anonymous memory that is there. Raises Missing, OSError."""
    found = {}
    with open(f"/proc/{pid}/pagemap", "rb", 0) as file:
        for mapping in parse_maps(Path(f"/proc/{pid}/maps").read_text()):
            if mapping.name in ("[vvar]", "[vdso]", "[vsyscall]", "[vvar_vclock]"):
                continue
            file.seek(mapping.start * _ENTRY)
            data = file.read((mapping.end - mapping.start) * _ENTRY)
            for place, (entry,) in enumerate(struct.iter_unpack("=Q", data)):
                if entry & _PRESENT and not entry & _OF_A_FILE:
                    found[mapping.start + place] = entry & _FRAME
    if found and not any(found.values()):
        raise Missing("only root is told which page is whose")
    return found


def floor() -> int:
    """Pages that the child of a bare interpreter owns when it has done nothing since the fork."""
    command = [sys.executable, "-I", "-S", "-c", FLOOR]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        pids = process.stdout.readline().split()
        time.sleep(_SETTLE)
        one, other = (frames(int(pid)) for pid in pids)
    return sum(other.get(page) != frame for page, frame in one.items())


class Census:
    """The pages of all processes of a room at one moment."""

    def __init__(self, acceptor: int, pids: Collection[int]) -> None:
        self._pages: dict[int, dict[int, int]] = {}
        for pid in pids:
            with suppress(FileNotFoundError, ProcessLookupError):
                self._pages[pid] = frames(pid)
        self._acceptor = self._pages[acceptor]
        self._owners = Counter(frame for own in self._pages.values() for frame in own.values())
        self._maps = parse_maps(Path(f"/proc/{acceptor}/maps").read_text())

    def classes(self, pid: int) -> dict[str, Counter[str]]:
        """How many pages of each class a process has, by mapping; all libraries are one mapping."""
        found: dict[str, Counter[str]] = {}
        for page, frame in self._pages[pid].items():
            found.setdefault(self._kind(page), Counter())[self._class(page, frame)] += 1
        return found

    def _class(self, page: int, frame: int) -> str:
        if self._owners[frame] == 1:
            return "own"
        if self._acceptor.get(page) == frame:
            return "all"
        return "pair" if self._owners[frame] == 2 else "few"

    def _kind(self, page: int) -> str:
        name = next((one.name for one in self._maps if one.start <= page < one.end), "objects")
        if name.startswith("python"):
            return "interpreter"
        return name if name[0] == "[" or name == "objects" else "libraries"


def rows(classes: dict[str, Counter[str]]) -> Sequence[Sequence[str]]:
    """A table's rows: KiB by mapping and class, the largest first, and their sum."""
    known = sorted(classes.items(), key=lambda one: -sum(one[1][name] for name in CLASSES[:3]))
    total = sum(classes.values(), Counter[str]())
    return [
        [kind, *(f"{counts[name] * PAGE // 1024:,}" for name in CLASSES)]
        for kind, counts in [*known, ("sum", total)]
    ]
