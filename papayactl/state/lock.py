"""The log's lock as papayactl takes it: it never waits for ever (design section 4).

papayad's processes hold it for milliseconds. A process that is stopped while it holds it (by hand:
papayactl freeze prevents that) holds it until somebody continues it, and the admin has to know
which.
"""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from papayactl.system import process, service_user
from papayad.errors import TRY_AGAIN, Fault, denied_or, reason
from papayad.log import committed, holders
from papayad.log.committed import Committed
from papayad.settings import Settings

WAITED_FOR_AT_MOST = 10.0  # seconds of waiting for the lock

_HELD_AT_MOST = 0.5  # seconds, by a process that is not stopped


@contextmanager
def exclusive(settings: Settings, patience: float = WAITED_FOR_AT_MOST) -> Iterator[None]:
    """Hold the lock: nobody appends or takes the log's end meanwhile. A Fault (75, 77)."""
    try:
        own = Committed(settings.state_dir)
    except OSError as error:
        raise no_log(error, settings) from error
    try:
        _take(own.descriptor, settings, patience)
        yield
    finally:
        own.close()


def await_free(settings: Settings, patience: float = WAITED_FOR_AT_MOST) -> None:
    """Return when the lock is free: then an Appender, which would wait for ever, can be used."""
    with exclusive(settings, patience):
        pass


def is_free_soon(settings: Settings) -> bool:
    """Whether the lock becomes free within a moment; the caller does not wait longer."""
    try:
        await_free(settings, _HELD_AT_MOST)
    except Fault:
        return False
    return True


def stopped_holders(state_dir: Path) -> list[int]:
    """The stopped processes that hold the lock, shared or exclusive, as the kernel says."""
    return [pid for pid in _holders(state_dir) if _is_stopped(pid)]


def no_log(error: OSError, settings: Settings) -> Fault:
    remedy = service_user.remedy()
    if isinstance(error, FileNotFoundError):
        remedy = "start papayad once"
    what = str(error.filename or settings.state_dir)
    return Fault(what, reason(error), remedy, code=denied_or(error, TRY_AGAIN))


def _take(descriptor: int, settings: Settings, patience: float) -> None:
    """Wait in the kernel's queue: just trying now and then could fail for ever in a busy room."""

    def give_up(signum: int, frame: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, patience)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except TimeoutError:
        raise _held(settings) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _held(settings: Settings) -> Fault:
    """The Fault that names a stopped holder; else any holder, which will let go by itself."""
    pids = stopped_holders(settings.state_dir) or _holders(settings.state_dir)
    if not pids:
        return Fault("the log's lock", "somebody holds on to it", "try again", code=TRY_AGAIN)
    pid = pids[0]
    why = f"process {pid}{', which is stopped,' if _is_stopped(pid) else ''} holds on to it"
    return Fault("the log's lock", why, f"continue it with kill -CONT {pid}", code=TRY_AGAIN)


def _holders(state_dir: Path) -> list[int]:
    """The holders; None if the kernel does not list locks."""
    try:
        descriptor = os.open(state_dir / committed.FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return []
    try:
        return holders.holders(descriptor, state_dir)
    except OSError:
        return []
    finally:
        os.close(descriptor)


def _is_stopped(pid: int) -> bool:
    seen = process.read(pid)
    return seen is not None and seen.state == process.STOPPED
