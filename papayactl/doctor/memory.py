"""How much memory limits.max_clients clients would need, for doctor.

If enough clients are connected, their need is measured. Otherwise it is a figure that was measured
once, for this version of Python: since 3.12 clients share most pages (papayad's heap is immortal);
before that each client copies them.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from papayactl.cli import figures
from papayactl.doctor.finding import OK, WARNING, Finding
from papayactl.look import acceptor, living
from papayactl.system import memory, proc
from papayad.settings import Settings
from papayad.system import immortal

_MIB = 1 << 20
# For each client, RECV and SEND: lab/bench/REPORT.md.
_WITH_TLS, _PLAIN = 4.0 * _MIB, 3.3 * _MIB
_IMMORTAL_WITH_TLS, _IMMORTAL_PLAIN = 2.0 * _MIB, 1.5 * _MIB
_OF_THE_KERNEL = 0.3 * _MIB  # for each client: sockets, page tables, two processes
_ENOUGH = 20  # clients; from fewer one cannot know how much they share


def foretold(settings: Settings) -> Iterator[Finding]:
    """What max_clients clients would need, and how much memory there is."""
    most, there_is = settings.limits.max_clients, _there_is(settings)
    measured = _measured(settings)
    each = (measured or _known(settings)) + _OF_THE_KERNEL
    how = "measured here" if measured else "as measured elsewhere"
    words = f"{most} clients need about {figures.size(most * each)} of {figures.size(there_is)}"
    words += f", {figures.size(each)} each, {how}"
    if there_is < most * each:
        remedy = "set limits.max_clients to less"
        if immortal.immortal_count() is None:
            remedy += ", or use Python 3.12 or newer (Debian 13)"
        yield Finding(WARNING, "memory", words, remedy)
    else:
        yield Finding(OK, "memory", words)


def _known(settings: Settings) -> float:
    tls = settings.listen.tls != "off"
    if immortal.immortal_count() is None:
        return _WITH_TLS if tls else _PLAIN
    return _IMMORTAL_WITH_TLS if tls else _IMMORTAL_PLAIN


def _measured(settings: Settings) -> float | None:
    """Bytes for each client that is here; None if there are few, or if we may not see it.

    Each page counts once for all processes together, without the acceptor's own.
    """
    entries = [entry for entry in living.living(settings) if entry.recv and entry.send]
    holder = acceptor.holder(settings)
    if holder is None or len(entries) < _ENOUGH:
        return None
    pids = [holder, *(pid for entry in entries for pid in (entry.recv, entry.send))]
    shares = [known.pss for pid in pids if (known := memory.read(pid)) and known.pss is not None]
    own = _resident(holder)
    if len(shares) < len(pids) or own is None:  # some ended meanwhile, or they are not ours
        return None
    return max(0.0, sum(shares) - own) / len(entries)


def _resident(pid: int) -> int | None:
    words = (proc.text(pid, "statm") or "").split()
    return int(words[1]) * os.sysconf("SC_PAGE_SIZE") if words else None


def _there_is(settings: Settings) -> int:
    """Bytes that the machine has, or that the service's control group may use."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    pid = acceptor.holder(settings)
    for line in (proc.text(pid, "cgroup") or "").splitlines() if pid else ():
        if line.startswith("0::"):
            text = _text(Path(f"/sys/fs/cgroup{line[3:]}/memory.max"))
            return min(machine, int(text)) if text.isdigit() else machine
    return machine


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
