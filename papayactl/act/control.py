"""Driving the acceptor from outside: by signals, by units, and by papayad itself.

There is no control socket: all of this works when the acceptor is dead, stuck or stopped, and none
of it affects a cluster (design section 6).

As root this drives systemd and runs papayad, which takes root; what is read and signalled in the
room is done as its user.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from papayactl.look import acceptor
from papayactl.state import units
from papayactl.system import pinned, process, service_user
from papayad.errors import CONFIGURATION, DONE, FAILED, NOT_RUNNING, TRY_AGAIN, Fault
from papayad.settings import Settings
from papayad.state import force, pidfile
from papayad.state.force import InForce

KILLED_AFTER = 10.0  # seconds until an acceptor that does not stop by itself is killed

_SIGKILL_ENDS_WITHIN = 2.0
_LOOK_AGAIN = 0.01


@dataclass(frozen=True, slots=True)
class Stopped:
    pid: int
    signal: str
    seconds: float
    sessions: int | None


def is_running(settings: Settings) -> bool:
    """Whether there is an acceptor, be it just starting."""
    return service_user.run(settings, lambda: acceptor.holder(settings)) is not None


def send_signal(settings: Settings, pid: int, number: signal.Signals) -> bool:
    """Signal the process if it is (still) the one that holds the pid file's lock."""
    return pinned.send(pid, number, lambda: pidfile.holder(settings.pid_file) == pid)


def stop(settings: Settings, patience: float = KILLED_AFTER) -> Stopped:
    """Stop the acceptor; return when the port is closed. Every cluster goes on.

    An acceptor that is stopped (SIGSTOP), or does not end within `patience` seconds, is killed,
    which costs the clients just as little.
    """
    began = time.monotonic()
    pid = service_user.run(settings, lambda: acceptor.running(settings))
    own = units.of(settings)
    asked = own is not None and own.active
    if own and asked:
        units.stop(own)
    sent = service_user.run(settings, lambda: _end(settings, pid, began + patience, asked))
    _wait_closed(settings, time.monotonic() + _SIGKILL_ENDS_WITHIN)
    sessions = service_user.run(settings, lambda: _count(acceptor.session_groups(settings)))
    return Stopped(pid, sent, time.monotonic() - began, sessions)


def _end(settings: Settings, pid: int, deadline: float, asked: bool) -> str:
    """In the room: end the acceptor, unless it was `asked` already; by which signal it ended."""
    sent = signal.SIGTERM
    if not asked:
        sent = signal.SIGKILL if acceptor.is_frozen(process.read(pid)) else signal.SIGTERM
        send_signal(settings, pid, sent)
    if not _wait_released(settings, pid, deadline):
        sent = signal.SIGKILL
        send_signal(settings, pid, sent)
    _wait_released(settings, pid, time.monotonic() + _SIGKILL_ENDS_WITHIN)
    return sent.name


def _count(groups: list[int] | None) -> int | None:
    return None if groups is None else len(groups)


def stop_waiting(settings: Settings) -> None:
    """Without an acceptor: make systemd give up the port, or the restart, that it prepares."""
    own = units.of(settings)
    if own and (own.active or own.listens):
        units.stop(own)


def start(settings: Settings) -> int:
    """Run papayad, which returns when a client can connect; if it fails, pass on its reason."""
    own = units.of(settings)
    if own:
        units.start(own)
        return _running(settings)
    command = [*program(), "--config", str(settings.path), "--room", settings.room]
    with tempfile.TemporaryFile() as errors:  # the daemon would hold a pipe open
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=errors, check=False)
        errors.seek(0)
        words = errors.read().decode("utf-8", "replace").strip()
    if done.returncode:
        last = words.splitlines()[-1] if words else f"ended with {done.returncode}"
        code = done.returncode if done.returncode > 0 else FAILED
        raise Fault("acceptor start", last.removeprefix("papayad: "), code=code)
    return _running(settings)


def _running(settings: Settings) -> int:
    pid: int = service_user.run(settings, lambda: acceptor.running(settings))
    return pid


def check(settings: Settings, verb: str) -> None:
    """Have papayad check all that it would read, as the service's user. A Fault (78).

    So nothing that works is stopped for something that would fail.
    """
    command = [*program(), "--config", str(settings.path), "--room", settings.room, "--check"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode == DONE:
        return
    lines = [line.removeprefix("papayad: ") for line in done.stderr.splitlines()]
    own = units.of(settings)
    if own and own.listens:  # systemd has the port, and the addresses of the file are not used
        lines = [line for line in lines if ": listen.addresses: " not in line]
        if not lines:
            return
    more = f" (and {len(lines) - 1} more: papayad --check)" if len(lines) > 1 else ""
    remedy = "nothing was changed, mend it first"
    first = lines[0] if lines else f"papayad --check ended with {done.returncode}"
    raise Fault(f"acceptor {verb}", f"{first}{more}", remedy, code=CONFIGURATION)


def reload(settings: Settings, patience: float = KILLED_AFTER) -> InForce:
    """Have the acceptor read its files again; return the result. A Fault (78) if it refused."""
    _running(settings)
    check(settings, "reload")
    said = service_user.run(settings, lambda: asdict(_reload(settings, patience)))
    return InForce(**said | {"listening": tuple(said["listening"])})


def _reload(settings: Settings, patience: float) -> InForce:
    """In the room."""
    pid = acceptor.running(settings)
    run_dir = settings.pid_file.parent
    before = force.read(run_dir)
    if acceptor.is_frozen(process.read(pid)):
        remedy = f"continue it: kill -CONT {pid}"
        raise Fault("acceptor reload", f"pid {pid} is stopped", remedy, code=TRY_AGAIN)
    if not send_signal(settings, pid, signal.SIGHUP):
        raise _ended(settings)
    deadline = time.monotonic() + patience
    while (now := force.read(run_dir)) is None or now == before or now.pid != pid:
        if pidfile.holder(settings.pid_file) != pid:
            raise _ended(settings)
        if time.monotonic() > deadline:
            why = f"pid {pid} did not answer within {patience:g} s"
            raise Fault("acceptor reload", why, "see its log", code=TRY_AGAIN)
        time.sleep(_LOOK_AGAIN)
    if now.fault:
        remedy = "everything stays as it was"
        raise Fault("acceptor reload", now.fault, remedy, code=CONFIGURATION)
    return now


def _ended(settings: Settings) -> Fault:
    why = "the acceptor ended just now"
    return Fault(f"room {settings.room}", why, "see its log", code=NOT_RUNNING)


def program() -> list[str]:
    """The command for papayad: the program beside this papayactl, else this interpreter's."""
    beside = Path(sys.argv[0]).absolute().parent / "papayad"
    if beside.is_file() and os.access(beside, os.X_OK):
        return [str(beside)]
    return [sys.executable, "-m", "papayad"]


def _wait_released(settings: Settings, pid: int, deadline: float) -> bool:
    while pidfile.holder(settings.pid_file) == pid:
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_AGAIN)
    return True


def _wait_closed(settings: Settings, deadline: float) -> None:
    """Wait until the port is closed; a Fault if another program still listens there."""
    addresses = settings.listen.addresses
    while still := [address for address in addresses if acceptor.is_open(address)]:
        if time.monotonic() > deadline:
            if service_user.run(settings, lambda: acceptor.holder(settings)) is not None:
                return  # somebody started another one
            why = "the acceptor is gone, yet somebody listens there"
            raise Fault(still[0], why, "a socket unit? stop it with systemctl")
        time.sleep(_LOOK_AGAIN)
