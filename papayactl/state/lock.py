"""The log's lock as papayactl takes it: never without an end of waiting (design section 4).

papayad's processes hold it for milliseconds. One that was stopped inside it (by hand: papayactl's
freeze prevents that) holds it until somebody continues it, and an admin has to be told whom.
"""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from papayactl.state import service_user
from papayad.errors import TRY_AGAIN, Fault, denied_or, reason
from papayad.log import committed
from papayad.log.committed import Committed
from papayad.settings import Settings
from papayad.system.locks import is_held

PATIENCE = 10.0

_TAKES = 0.5  # seconds that the lock is held at most, by who is not stopped
_LOOK_AGAIN = 0.01


@contextmanager
def exclusive(settings: Settings, patience: float = PATIENCE) -> Iterator[None]:
    """Nobody appends, and nobody takes the log's end, meanwhile. A Fault (75, 77)."""
    try:
        own = Committed(settings.state_dir)
    except OSError as error:
        raise no_log(error, settings) from error
    try:
        _take(own.descriptor, settings, patience)
        yield
    finally:
        own.close()


def await_free(settings: Settings, patience: float = PATIENCE) -> None:
    """Return when the lock can be had: an Appender, which waits for ever, is safe to use then."""
    with exclusive(settings, patience):
        pass


def is_free_soon(state_dir: Path) -> bool:
    """Whether the lock can be had within a moment; whoever asks has something better to do."""
    deadline = time.monotonic() + _TAKES
    descriptor = os.open(state_dir / committed.FILE, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while is_held(descriptor):
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK_AGAIN)
        return True
    finally:
        os.close(descriptor)


def holder(state_dir: Path) -> int | None:
    """The pid that took the lock, where the kernel lists locks (/proc/locks); else None."""
    try:
        inode = (state_dir / committed.FILE).stat().st_ino
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        words = line.split()
        if words[1] == "FLOCK" and words[3] == "WRITE" and words[5].endswith(f":{inode}"):
            return int(words[4])
    return None


def no_log(error: OSError, settings: Settings) -> Fault:
    remedy = service_user.REMEDY
    if isinstance(error, FileNotFoundError):
        remedy = "start papayad once"
    what = str(error.filename or settings.state_dir)
    return Fault(what, reason(error), remedy, code=denied_or(error, TRY_AGAIN))


def _take(descriptor: int, settings: Settings, patience: float) -> None:
    """Wait in the kernel's queue: who only tried now and then would never get it from the busy."""

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
    pid = holder(settings.state_dir)
    remedy = f"continue it with kill -CONT {pid}" if pid else "see papayactl doctor"
    by = f"process {pid}" if pid else "somebody"
    return Fault("the log's lock", f"{by} holds on to it", remedy, code=TRY_AGAIN)
