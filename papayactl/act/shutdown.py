"""Closing the room for everybody: warned, at a time, and taken back by whoever may.

What waits for the time is a process of its own that holds `state_dir/shutdown` locked: the lock
says that it is still coming, the file whom to stop, and when.
"""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import setproctitle

from papayactl.act import control, end, notice
from papayactl.act.end import Outcome
from papayactl.look import acceptor, clients, living
from papayactl.state import service_user
from papayactl.system import pinned
from papayad.errors import NO_PERMISSION, TRY_AGAIN, Fault
from papayad.settings import Settings
from papayad.system.locks import create_locked, is_held_at

_FILE = "shutdown"
_REMINDED_BEFORE = (86400, 3600, 900, 300, 60)  # seconds before the room closes
_NOTICE_ARRIVES_WITHIN = 2.0  # seconds for the last notice to reach who reads
_LOOK_AGAIN = 0.02


@dataclass(frozen=True, slots=True)
class Closed:
    """What a shutdown came to. `acceptor` is the pid that was stopped, None where none ran."""

    acceptor: int | None
    clients: list[Outcome]


def due(settings: Settings) -> float | None:
    """When the room closes; None when nothing is planned, or for who may not know."""
    known = _read(settings)
    return known[1] if known else None


def close(settings: Settings, message: str, patience: float) -> Closed:
    """Now: tell the room, close the port, give the notice a moment to arrive, end everybody."""
    try:
        notice.notice(settings, _words(0, message))
    except Fault as fault:
        if fault.code == NO_PERMISSION:
            raise  # else: a log that cannot be written is no reason to stay open
    _stop_waiting(settings)  # a planned one would close the room again, when it is open again
    pid = acceptor.holder(settings)
    if pid is not None:
        control.stop(settings)
    else:
        control.stop_waiting(settings)
    _wait_until_sent(settings)
    outcomes = end.end(settings, living.living(settings), patience)
    late = living.living(settings)  # let in while the port closed
    return Closed(pid, outcomes + (end.end(settings, late, patience) if late else []))


def plan(settings: Settings, seconds: float, message: str, patience: float) -> float:
    """Tell the room and leave a process behind that closes it; returns the moment. A Fault (75)."""
    moment = time.time() + seconds
    if due(settings) is not None:
        remedy = "take it back with papayactl shutdown --abort"
        raise Fault("shutdown", "one is planned already", remedy, code=TRY_AGAIN)
    notice.notice(settings, _words(seconds, message))
    _leave_behind(settings, moment, message, patience)
    return moment


def abort(settings: Settings, message: str) -> int | None:
    """Stop the process that waits; returns its pid, None when there was none."""
    pid = _stop_waiting(settings)
    if pid is not None:
        notice.notice(settings, f"the room stays open{_because(message)}")
    return pid


def _stop_waiting(settings: Settings) -> int | None:
    """End the process that waits, unless that is this one; returns its pid."""
    known = _read(settings)
    if known is None or known[0] == os.getpid():
        return None
    pid = known[0]
    path = settings.state_dir / _FILE

    def is_it() -> bool:
        return _read(settings) == known

    if not pinned.send(pid, signal.SIGTERM, is_it):
        return None
    pinned.send(pid, signal.SIGCONT, is_it)  # one that is stopped, too
    while is_held_at(path):
        time.sleep(_LOOK_AGAIN)
    with service_user.acting(settings):
        path.unlink(missing_ok=True)
    return pid


def _read(settings: Settings) -> tuple[int, float] | None:
    path = settings.state_dir / _FILE
    try:
        if not is_held_at(path):
            return None
        pid, moment = path.read_text().split()
    except (OSError, ValueError):
        return None
    return int(pid), float(moment)


def _leave_behind(settings: Settings, moment: float, message: str, patience: float) -> None:
    """A child of init, without a terminal; returns when its lock is held."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        os.waitpid(child, 0)
        failed = not os.read(reading, 1)
        os.close(reading)
        if failed:
            raise Fault("shutdown", "the process that waits could not be left behind")
        return
    os.setsid()
    if os.fork():
        os._exit(0)
    code = 1
    try:
        _detach(writing)
        _wait_and_close(settings, moment, message, patience, writing)
        code = 0
    finally:
        os._exit(code)


def _detach(keep: int) -> None:
    os.chdir("/")
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.closerange(3, keep)
    os.closerange(keep + 1, 1024)


def _wait_and_close(
    settings: Settings, moment: float, message: str, patience: float, ready: int
) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    setproctitle.setproctitle(f"papayactl[{settings.room}]: shutdown at {moment:.0f}")
    with service_user.acting(settings):
        create_locked(settings.state_dir / _FILE, f"{os.getpid()} {moment:.3f}\n".encode())
    os.write(ready, b"1")
    os.close(ready)
    for left in _REMINDED_BEFORE:
        if moment - left > time.time() + 1:
            _sleep_until(moment - left)
            with suppress(Fault):
                notice.notice(settings, _words(left, message))
    _sleep_until(moment)
    try:
        close(settings, message, patience)
    finally:
        (settings.state_dir / _FILE).unlink(missing_ok=True)


def _sleep_until(moment: float) -> None:
    while (left := moment - time.time()) > 0:
        time.sleep(left)


def _wait_until_sent(settings: Settings) -> None:
    """Until nobody lags, or those who do not read have had their time."""
    deadline = time.monotonic() + _NOTICE_ARRIVES_WITHIN
    while time.monotonic() < deadline:
        seen = clients.look_closer(settings, clients.look_at(settings, living.living(settings)))
        if not any(_has_more(look) for look in seen):
            return
        time.sleep(_LOOK_AGAIN)


def _has_more(look: clients.Look) -> bool:
    return look.state == clients.RUNNING and look.lag != 0


def _words(seconds: float, message: str) -> str:
    when = f"in {_duration(seconds)}" if seconds >= 1 else "now"
    return f"the room closes {when}{_because(message)}"


def _because(message: str) -> str:
    return f": {message}" if message else ""


def _duration(seconds: float) -> str:
    units: Sequence[tuple[int, str]] = ((86400, "day"), (3600, "hour"), (60, "minute"))
    for size, name in units:
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return f"{count} {name}" + ("s" if count > 1 else "")
    return f"{seconds:.0f} s"
