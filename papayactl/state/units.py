"""The units of systemd that run a room's acceptor, where they do.

An acceptor that is systemd's is stopped and started by systemd: it would take a kill for a crash
and start another, and one that root started by hand would be out of its sandbox and its sight.
Where a socket unit holds the port, closing the port means stopping that, too.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from papayad.config import DEFAULT_ROOM
from papayad.errors import FAILED, Fault
from papayad.settings import ETC, Settings

BOOTED = Path("/run/systemd/system")  # sd_booted(3)
CONFIGURATIONS = Path(ETC)  # what the units read

_SYSTEMCTL_ENDS_WITHIN = 60.0  # seconds; more than the units' own limits


@dataclass(frozen=True, slots=True)
class Units:
    """Of one room. `active` and `listens`: the service's state and its socket's, when looked at."""

    name: str
    active: bool
    listens: bool
    socket_enabled: bool

    @property
    def service(self) -> str:
        return f"{self.name}.service"

    @property
    def socket(self) -> str:
        return f"{self.name}.socket"


def of(settings: Settings) -> Units | None:
    """The room's units; None without systemd, without root's rights, or for a room elsewhere."""
    room = settings.room
    if os.geteuid() != 0 or not BOOTED.is_dir() or settings.path != CONFIGURATIONS / f"{room}.toml":
        return None
    name = "papayad" if room == DEFAULT_ROOM else f"papayad@{room}"
    service, socket = _shown(f"{name}.service"), _shown(f"{name}.socket")
    if service.get("LoadState") != "loaded":
        return None
    return Units(
        name,
        active=service.get("ActiveState") in ("active", "reloading", "activating"),
        listens=socket.get("ActiveState") == "active",
        socket_enabled=socket.get("UnitFileState") == "enabled",
    )


def start(units: Units) -> None:
    """Start the service, and its socket where that is enabled. A Fault with where the reason is."""
    wanted = [units.socket, units.service] if units.socket_enabled else [units.service]
    _systemctl("start", *wanted)


def stop(units: Units) -> None:
    """Stop what holds the port. Every client goes on: the service's KillMode."""
    _systemctl("stop", *([units.socket, units.service] if units.listens else [units.service]))


def _systemctl(verb: str, *units: str) -> None:
    done = _run(verb, *units)
    if done.returncode:
        why = f"systemctl {verb} {' '.join(units)} ended with {done.returncode}"
        raise Fault(f"acceptor {verb}", why, f"see systemctl status {units[-1]}", code=FAILED)


def _shown(unit: str) -> dict[str, str]:
    done = _run("show", "--property=LoadState,ActiveState,UnitFileState", unit)
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            ["systemctl", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SYSTEMCTL_ENDS_WITHIN,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Fault("systemctl", str(error), "see systemctl status", code=FAILED) from error
