"""Closing the room for everybody: with a warning, at a time, and with a way to take it back.

A process of the room's user waits for the time and holds `state_dir/shutdown` locked. The lock says
that the shutdown is still to come, the kernel knows which process it is, and the file says when. If
root planned it, that process has a parent that stays root, to stop the units of systemd.
"""

import os
import re
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from papayactl.act import control, end, notice
from papayactl.act.end import Outcome
from papayactl.look import acceptor, clients, living
from papayactl.system import pinned, service_user
from papayad.errors import FAILED, NO_PERMISSION, TRY_AGAIN, Fault
from papayad.settings import Settings
from papayad.system import locks
from papayad.system.detach import Ready, detach
from papayad.system.files import open_plain, read_plain
from papayad.system.proctitle import set_title

_FILE = "shutdown"
_CONTENT = re.compile(rb"[0-9]{1,10} ([0-9]{1,11}\.[0-9]{3})\n\Z")
_BYTES_AT_MOST = 64

_REMINDED_BEFORE = (86400, 3600, 900, 300, 60)  # seconds before the room closes
_NOTICE_ARRIVES_WITHIN = 2.0  # seconds for the last notice to reach clients that read
_ENDS_WITHIN = 2.0  # seconds that a waiting process has to end after the signal
_LOOK_AGAIN = 0.02

_WHY = "closed"


@dataclass(frozen=True, slots=True)
class Closed:
    """The result. `acceptor` is the pid that was stopped, None if none ran."""

    acceptor: int | None
    clients: list[Outcome]


def due(settings: Settings) -> float | None:
    """When the room closes; None if nothing is planned, or if we may not know. In the room."""
    try:
        if not _owner(settings):
            return None
        found = _CONTENT.match(read_plain(_path(settings), _BYTES_AT_MOST) or b"")
    except OSError:
        return None
    return float(found[1]) if found else None


def close(settings: Settings, message: str, patience: float) -> Closed:
    """Close now: tell the room, close the port, let the notice arrive, end every client."""
    pid = service_user.run(settings, lambda: _begin(settings, message))
    if pid is not None:
        control.stop(settings)
    else:
        control.stop_waiting(settings)
    ended = service_user.run(settings, lambda: _end_everybody(settings, patience))
    return Closed(pid, [Outcome.of(value) for value in ended])


def plan(settings: Settings, seconds: float, message: str, patience: float) -> float:
    """Tell the room and leave a process that closes it; return the moment. A Fault (75)."""
    moment = time.time() + seconds
    service_user.run(settings, lambda: _announce(settings, seconds, message))
    detach(lambda ready: _wait_and_close(settings, moment, message, patience, ready))
    return moment


def abort(settings: Settings, message: str) -> int | None:
    """Stop the process that waits; return its pid, or None if there was none."""
    pid: int | None = service_user.run(settings, lambda: _abort(settings, message))
    return pid


# in the room


def _begin(settings: Settings, message: str) -> int | None:
    """Tell everybody; return the acceptor that has to be stopped."""
    try:
        notice.notice(settings, _words(0, message))
    except Fault as fault:
        if fault.code == NO_PERMISSION:
            raise  # but if the log cannot be written, the room is closed all the same
    _stop_waiting(settings)  # else a planned shutdown would close the room again later
    return acceptor.holder(settings)


def _end_everybody(settings: Settings, patience: float) -> list[dict[str, Any]]:
    _wait_until_sent(settings)
    outcomes = end.end(settings, living.living(settings), patience, _WHY)
    late = living.living(settings)  # clients that came in while the port closed
    outcomes += end.end(settings, late, patience, _WHY) if late else []
    return [asdict(outcome) for outcome in outcomes]


def _announce(settings: Settings, seconds: float, message: str) -> None:
    if due(settings) is not None:
        remedy = "take it back with papayactl shutdown --abort"
        raise Fault("shutdown", "one is planned already", remedy, code=TRY_AGAIN)
    notice.notice(settings, _words(seconds, message))


def _abort(settings: Settings, message: str) -> int | None:
    pid = _stop_waiting(settings)
    if pid is not None:
        notice.notice(settings, f"the room stays open{_because(message)}")
    return pid


def _stop_waiting(settings: Settings) -> int | None:
    """End the process that waits; return its pid. A Fault (1) if it does not end."""
    pid = _owner(settings)

    def is_it() -> bool:
        return _owner(settings) == pid

    if not pid or not pinned.send(pid, signal.SIGTERM, is_it):
        return None
    pinned.send(pid, signal.SIGCONT, is_it)  # in case it is stopped
    deadline = time.monotonic() + _ENDS_WITHIN
    while is_it():
        if time.monotonic() > deadline:
            why = f"process {pid}, which waits for it, does not end"
            raise Fault("shutdown", why, "see its state with ps", code=FAILED)
        time.sleep(_LOOK_AGAIN)
    _path(settings).unlink(missing_ok=True)
    return pid


def _path(settings: Settings) -> Path:
    return settings.state_dir / _FILE


def _owner(settings: Settings) -> int:
    """The process that waits, as the kernel says; 0 if there is none, or if it is this one."""
    descriptor = open_plain(_path(settings))
    if descriptor < 0:
        return 0
    try:
        return locks.owner(descriptor)
    finally:
        os.close(descriptor)


# the process that waits


def _wait_and_close(
    settings: Settings, moment: float, message: str, patience: float, ready: Ready
) -> None:
    for number, handler in ((signal.SIGTERM, signal.SIG_DFL), (signal.SIGHUP, signal.SIG_IGN)):
        signal.signal(number, handler)
    set_title((f"papayactl[{settings.room}]: shutdown at {moment:.0f}", "papayactl"))
    service_user.run(settings, lambda: _wait(settings, moment, message, ready))
    close(settings, message, patience)


def _wait(settings: Settings, moment: float, message: str, ready: Ready) -> None:
    """Wait in the room until the moment. The file must not be opened again: that ends the lock."""
    content = f"{os.getpid()} {moment:.3f}\n".encode()
    lock = locks.create_locked(_path(settings), content)
    locks.own(lock)
    ready()
    for left in _REMINDED_BEFORE:
        if moment - left > time.time() + 1:
            _sleep_until(moment - left)
            with suppress(Fault):
                notice.notice(settings, _words(left, message))
    _sleep_until(moment)
    _path(settings).unlink(missing_ok=True)
    os.close(lock)


def _sleep_until(moment: float) -> None:
    while (left := moment - time.time()) > 0:
        time.sleep(left)


def _wait_until_sent(settings: Settings) -> None:
    """Wait until no client lags, or the time for those that do not read is over."""
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
