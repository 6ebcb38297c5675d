"""The systemd units that run a room's acceptor, if there are any.

If systemd runs the acceptor, it has to stop and start it: it would take a kill for a crash and
start another one, and an acceptor that root starts by hand would be outside of the unit's sandbox.
If a socket unit holds the port, closing the port means stopping that unit, too.
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
    """The units of one room. `active` and `listens`: whether its service and its socket are on."""

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
    """The room's units, to be started and stopped: by root only."""
    return seen(settings) if os.geteuid() == 0 else None


def seen(settings: Settings) -> Units | None:
    """The room's units; None without systemd, or if no unit is for it."""
    room = settings.room
    if not BOOTED.is_dir() or settings.path != CONFIGURATIONS / f"{room}.toml":
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
    """Start the service, and its socket if that is enabled. A Fault says where the reason is."""
    wanted = [units.socket, units.service] if units.socket_enabled else [units.service]
    _systemctl("start", *wanted)


def stop(units: Units) -> None:
    """Stop the units that hold the port. Every client goes on, by the service's KillMode."""
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
