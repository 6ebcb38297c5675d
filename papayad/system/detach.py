"""Detaching: python-daemon's double fork, and a starter that waits (design section 2).

Used by papayad, and by papayactl for processes that it leaves behind. `detach` returns when the
daemon is ready and is a child of init, so when the command returns, a service manager finds
everything in place. A failure before that is raised in the starter.
"""

import os
import time
from collections.abc import Callable, Sequence
from typing import IO, Any, NoReturn

import daemon

from papayad.errors import DONE, FAILED, Fault, denied_or, reason
from papayad.system import process_group
from papayad.system.spawn import where

Ready = Callable[[], None]

_READY = b"ready"  # of the daemon, or of a process that it has started
_WORD_AT_MOST = 65536
_BETWEEN = "\0"  # no line of a Fault contains it


def detach(
    serve: Callable[[Ready], None],
    keep: Sequence[Any] = (),
    stderr: IO[str] | None = None,
    tell: Callable[[str], None] | None = None,
) -> None:
    """Run `serve` in a daemon that keeps the given files open; returns when that calls `Ready`.

    `tell` gets a line for whoever reads the daemon's log when it fails before it is ready. Raises
    its Fault; a bug of its becomes one.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        _wait(reading, child)
        return
    os.close(reading)
    _become_daemon(serve, keep, stderr, tell, writing)


def _wait(reading: int, child: int) -> None:
    """In the starter: wait until the daemon is ready, or has said why it is not, or has ended."""
    os.waitpid(child, 0)
    word = b""
    while word != _READY and (data := os.read(reading, _WORD_AT_MOST)):
        word += data
    os.close(reading)
    if word == _READY:
        return
    parts = word.decode(errors="replace").split(_BETWEEN)
    if len(parts) != 4:
        raise Fault("the daemon", "ended before it was ready", "see its log")
    what, why, remedy, code = parts
    raise Fault(what, why, remedy, code=int(code))


def _become_daemon(
    serve: Callable[[Ready], None],
    keep: Sequence[Any],
    stderr: IO[str] | None,
    tell: Callable[[str], None] | None,
    starter: int,
) -> NoReturn:
    """In the starter's child, then in its grandchild, which ends here."""
    is_ready = False

    def ready() -> None:
        nonlocal is_ready
        is_ready = True
        os.write(starter, _READY)
        os.close(starter)

    code = FAILED
    try:
        with daemon.DaemonContext(
            detach_process=True,
            files_preserve=[*keep, starter],
            stderr=stderr,
            umask=0o077,
            working_directory="/",
            signal_map={},
        ):
            _wait_for_init()
            process_group.enter_own()
            serve(ready)
            code = DONE
    except Exception as error:
        if is_ready:
            raise
        fault = _as_fault(error)
        parts = (fault.what, fault.why, fault.remedy, str(fault.code))
        os.write(starter, _BETWEEN.join(parts).encode())
        if tell:
            tell(str(fault))
    finally:
        os._exit(code)


def _as_fault(error: Exception) -> Fault:
    if isinstance(error, Fault):
        return error
    if isinstance(error, OSError):
        what = str(error.filename) if error.filename else f"the daemon{where(error)}"
        return Fault(what, reason(error), code=denied_or(error, FAILED))
    return Fault("the daemon", f"ends by a bug: {type(error).__name__}{where(error)}")


def _wait_for_init() -> None:
    """Wait until the process in between has ended, so that the daemon is a child of init."""
    deadline = time.monotonic() + 1.0
    while os.getppid() == os.getsid(0) and time.monotonic() < deadline:
        time.sleep(0.001)
