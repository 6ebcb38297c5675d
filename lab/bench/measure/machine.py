"""Where the figures were measured: the machine, and the version of each program."""

import importlib.metadata
import os
import platform
import time
from pathlib import Path

from lab.bench import interpreters
from lab.bench.tools import Missing, go, version

_MODULES = ("setproctitle", "python-daemon", "uvloop")


def describe() -> dict[str, str]:
    """Names and what to print for each; a program that is not here is left out."""
    known = {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "system": _system(),
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": _memory(),
        "load at the start": load(),
        "python": f"{platform.python_version()} ({platform.python_compiler()})",
        "python of Debian 13": interpreters.version(interpreters.debian_13),
        "gcc": version(["gcc", "--version"]),
        "go": version([_go(), "version"]),
        "ngircd": version(["/usr/sbin/ngircd", "--version"]),
    }
    for name in _MODULES:
        try:
            known[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {name: value for name, value in known.items() if value}


def _go() -> str:
    try:
        return go()
    except Missing:
        return "go"


def load() -> str:
    """The load of the last 1, 5 and 15 minutes: whether other programs ran."""
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.1f} GiB"
    except (OSError, ValueError):
        return ""
