"""Context switches of a process: how often it slept, and how often it was made to wait."""

import sys
from dataclasses import dataclass

from papayactl.system import proc


@dataclass(frozen=True, slots=True)
class Switches:
    voluntary: int
    involuntary: int


def read(pid: int) -> Switches | None:
    if sys.platform == "linux":
        numbers = proc.fields(proc.text(pid, "status") or "")
        if "voluntary_ctxt_switches" not in numbers:
            return None
        return Switches(numbers["voluntary_ctxt_switches"], numbers["nonvoluntary_ctxt_switches"])
    import psutil

    try:
        counted = psutil.Process(pid).num_ctx_switches()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return Switches(counted.voluntary, counted.involuntary)
