"""The acceptor seen and driven from outside: by its pid file's lock, signals and its port.

There is no control socket: all of this works when the acceptor is dead, wedged or stopped, and none
of it touches a cluster (design section 6).
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from errno import EADDRINUSE
from pathlib import Path

from papayactl import clusters, units
from papayactl.system import pinned, process
from papayad import pidfile
from papayad.address import parse_address
from papayad.errors import FAILED, NOT_RUNNING, TRY_AGAIN, Fault, denied_or, reason
from papayad.settings import Config

PATIENCE = 10.0  # seconds until an acceptor that does not stop by itself is killed

_KILL_TAKES = 2.0
_START_TAKES = 1.0  # an acceptor holds its pid file's lock a moment before its pid is in it
_LOOK_AGAIN = 0.01


@dataclass(frozen=True, slots=True)
class Status:
    """`pid` is None when no acceptor runs; the counts are None for who may not read the roster."""

    room: str
    pid: int | None
    state: str
    addresses: list[str]
    sessions: int | None
    earlier: int | None  # of them, those that an earlier acceptor let in


@dataclass(frozen=True, slots=True)
class Stopped:
    pid: int
    signal: str
    seconds: float
    sessions: int | None


def status(config: Config) -> Status:
    """What the acceptor of a room is doing. A Fault (77) when even that may not be seen."""
    pid = holder(config)
    seen = process.read(pid) if pid else None
    groups = _session_groups(config)
    return Status(
        room=config.room,
        pid=pid,
        state="stopped" if pid is None else "frozen" if _is_frozen(seen) else "running",
        addresses=config.listen.addresses,
        sessions=None if groups is None else len(groups),
        earlier=None if groups is None else sum(not seen or g != seen.group for g in groups),
    )


def holder(config: Config) -> int | None:
    """The acceptor's pid, once it is known; None when there is no acceptor."""
    deadline = time.monotonic() + _START_TAKES
    try:
        while (pid := pidfile.holder(config.pid_file)) == 0 and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN)
    except OSError as error:
        code = denied_or(error, FAILED)
        raise Fault(str(config.pid_file), reason(error), "run it as root", code=code) from error
    return pid


def running(config: Config) -> int:
    """The acceptor's pid; a Fault (3) when there is none, (75) when it has none yet."""
    pid = holder(config)
    if pid is None:
        remedy = "start it with papayactl acceptor start"
        raise Fault(f"room {config.room}", "no acceptor is running", remedy, code=NOT_RUNNING)
    if pid == 0:
        why = "the acceptor is just starting"
        raise Fault(f"room {config.room}", why, "try again", code=TRY_AGAIN)
    return pid


def send_signal(config: Config, pid: int, number: signal.Signals) -> bool:
    """Signal the process if it is (still) the one that holds the pid file's lock."""
    return pinned.send(pid, number, lambda: pidfile.holder(config.pid_file) == pid)


def stop(config: Config, patience: float = PATIENCE) -> Stopped:
    """Stop the acceptor; returns when the port is closed. Every cluster goes on.

    One that is stopped (SIGSTOP) or does not answer within `patience` seconds is killed, which
    costs the clients as little.
    """
    began = time.monotonic()
    pid = running(config)
    own = units.of(config)
    if own and own.active:
        units.stop(own)
        sent = signal.SIGTERM
    else:
        sent = signal.SIGKILL if _is_frozen(process.read(pid)) else signal.SIGTERM
        send_signal(config, pid, sent)
    if not _wait_released(config, pid, began + patience):
        sent = signal.SIGKILL
        send_signal(config, pid, sent)
    _wait_released(config, pid, time.monotonic() + _KILL_TAKES)
    _wait_closed(config, time.monotonic() + _KILL_TAKES)
    groups = _session_groups(config)
    sessions = None if groups is None else len(groups)
    return Stopped(pid, sent.name, time.monotonic() - began, sessions)


def stop_waiting(config: Config) -> None:
    """Without an acceptor: have systemd give up the port, or the restart, that it holds ready."""
    own = units.of(config)
    if own and (own.active or own.listens):
        units.stop(own)


def start(config: Config) -> int:
    """Run papayad, which returns once a client can connect; relays its words when it does not."""
    own = units.of(config)
    if own:
        units.start(own)
        return running(config)
    command = [*program(), "--config", str(config.path), "--room", config.room]
    with tempfile.TemporaryFile() as errors:  # a pipe would be held open by the daemon
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=errors, check=False)
        errors.seek(0)
        words = errors.read().decode("utf-8", "replace").strip()
    if done.returncode:
        last = words.splitlines()[-1] if words else f"ended with {done.returncode}"
        code = done.returncode if done.returncode > 0 else FAILED
        raise Fault("acceptor start", last.removeprefix("papayad: "), code=code)
    return running(config)


def reload(config: Config) -> int:
    """Have the acceptor re-read its files; the configuration was loaded, so it is a good one."""
    pid = running(config)
    if not send_signal(config, pid, signal.SIGHUP):
        why = "the acceptor ended just now"
        raise Fault(f"room {config.room}", why, "see its log", code=NOT_RUNNING)
    return pid


def program() -> list[str]:
    """papayad: the one beside this papayactl, else the one that this interpreter finds."""
    beside = Path(sys.argv[0]).absolute().parent / "papayad"
    if beside.is_file() and os.access(beside, os.X_OK):
        return [str(beside)]
    return [sys.executable, "-m", "papayad"]


def is_open(address: str) -> bool:
    """Whether somebody listens on an address: then nobody else can bind it. Connects to nobody."""
    host, port = parse_address(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        probe = socket.socket(family, socket.SOCK_STREAM)
    except OSError:  # a kernel without IPv6
        return False
    with closing(probe):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno == EADDRINUSE
        return False


def _wait_released(config: Config, pid: int, deadline: float) -> bool:
    while pidfile.holder(config.pid_file) == pid:
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_AGAIN)
    return True


def _wait_closed(config: Config, deadline: float) -> None:
    """Wait for the port; a Fault when the acceptor is gone and somebody still listens there."""
    addresses = config.listen.addresses
    while pidfile.holder(config.pid_file) is None:
        still = [address for address in addresses if is_open(address)]
        if not still:
            return
        if time.monotonic() > deadline:
            why = "the acceptor is gone, yet somebody listens there"
            raise Fault(still[0], why, "a socket unit? stop it with systemctl")
        time.sleep(_LOOK_AGAIN)


def _session_groups(config: Config) -> list[int] | None:
    """The process group of every cluster, or None for who may not see them."""
    try:
        return [entry.group for entry in clusters.living(config)]
    except Fault:
        return None


def _is_frozen(seen: process.Process | None) -> bool:
    return seen is not None and seen.state == process.STOPPED
