"""The memory of a process: with its share of shared pages (PSS), and only its own (USS)."""

import sys
from dataclasses import dataclass

from papayactl.system import proc


@dataclass(frozen=True, slots=True)
class Memory:
    """In bytes; `pss` is None if the system does not know it."""

    pss: int | None
    uss: int


def read(pid: int) -> Memory | None:
    """Read it; None if we may not: for a process that changed its uid we need root."""
    return _read_proc(pid) if sys.platform == "linux" else _read_psutil(pid)


def _read_proc(pid: int) -> Memory | None:
    text = proc.text(pid, "smaps_rollup")
    if not text:
        return None
    kib = proc.fields(text)
    return Memory(kib["Pss"] * 1024, (kib["Private_Clean"] + kib["Private_Dirty"]) * 1024)


def _read_psutil(pid: int) -> Memory | None:
    import psutil

    try:
        full = psutil.Process(pid).memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return Memory(None, full.uss) if hasattr(full, "uss") else None
