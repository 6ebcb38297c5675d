"""Whether this machine has room for what the configuration allows: disk, processes.

For doctor. Limits of a service manager or the kernel are those of the acceptor that runs; without
one, only the limits of the whole machine are known.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from papayactl.cli import figures
from papayactl.doctor.finding import FAILURE, OK, WARNING, Finding
from papayactl.look import acceptor
from papayactl.system import limits, proc
from papayad.settings import Settings

_WARNED_BELOW_SHARE = 0.05  # of the disk
_FAILS_BELOW_BYTES = 1 << 26  # bytes of the disk
_PROCESSES_BESIDE_CLIENTS = 100  # processes of the service's user that are not clients


def disk(settings: Settings) -> Iterator[Finding]:
    seen = os.statvfs(settings.state_dir)
    free, whole = seen.f_bavail * seen.f_frsize, seen.f_blocks * seen.f_frsize
    words = f"{figures.size(free)} of {figures.size(whole)} free"
    remedy = "papayactl log prune --keep-bytes N, or set chatlog.retain_bytes"
    if free < _FAILS_BELOW_BYTES or (seen.f_files and not seen.f_favail):
        yield Finding(FAILURE, "disk", words, remedy)
    elif whole and free / whole < _WARNED_BELOW_SHARE:
        yield Finding(WARNING, "disk", words, remedy)
    else:
        yield Finding(OK, "disk", words)


def processes(settings: Settings) -> Iterator[Finding]:
    """Whether max_clients clients, two processes each, could be had."""
    pid = acceptor.holder(settings)
    known = limits.read(pid) if pid else {}
    yield from _counts(settings, pid, known)
    yield from _descriptors(settings, known)
    most = settings.limits.max_clients
    yield Finding(OK, "limits", f"{most} clients, {2 * most} processes")


def _counts(settings: Settings, pid: int | None, known: dict[str, str]) -> Iterator[Finding]:
    most = settings.limits.max_clients
    needed = 2 * most + _PROCESSES_BESIDE_CLIENTS
    kernel = Path("/proc/sys/kernel")
    for name, allowed, remedy in (
        ("pid_max", _number(kernel / "pid_max"), f"sysctl kernel.pid_max={4 * needed}"),
        ("threads-max", _number(kernel / "threads-max"), f"sysctl kernel.threads-max={4 * needed}"),
        ("RLIMIT_NPROC", _limit(known, "Max processes"), "set LimitNPROC= of its service"),
        ("TasksMax", _tasks_max(pid) if pid else None, "set TasksMax= of its service"),
    ):
        if allowed is not None and allowed < needed:
            words = f"{allowed}, and limits.max_clients = {most} takes {needed}"
            yield Finding(FAILURE, name, words, remedy)


def _descriptors(settings: Settings, known: dict[str, str]) -> Iterator[Finding]:
    opened = _limit(known, "Max open files")
    pending = settings.limits.max_pending + _PROCESSES_BESIDE_CLIENTS
    if opened is not None and opened < pending:
        words = f"{opened} for the acceptor, and limits.max_pending takes {pending}"
        yield Finding(WARNING, "RLIMIT_NOFILE", words, "set LimitNOFILE= of its service")


def _number(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _limit(known: dict[str, str], name: str) -> int | None:
    text = known.get(name, "")
    return int(text) if text.isdigit() else None


def _tasks_max(pid: int) -> int | None:
    """How many processes the acceptor's control group may have."""
    for line in (proc.text(pid, "cgroup") or "").splitlines():
        if line.startswith("0::"):
            return _number(Path(f"/sys/fs/cgroup{line[3:]}/pids.max"))
    return None
