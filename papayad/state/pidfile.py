"""The pid file: the process that holds its lock is the acceptor (design sections 2 and 5).

papayad locks it before it detaches, so that a second instance can tell its starter. papayactl asks
the kernel who holds the lock. The number in the file is for people: no program acts on it, since an
attacker in a client's process could write another one.
There is another such lock in state_dir: two run_dirs may belong to one state, but two acceptors may
not.
"""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from papayad.errors import TRY_AGAIN, UNAVAILABLE, Fault, denied_or, reason
from papayad.system import locks
from papayad.system.files import open_plain

_PROBES_PASS = 0.5  # seconds; a status command may hold the lock for an instant


def lock_of(state_dir: Path) -> Path:
    """The file in state_dir whose lock only one acceptor can have, whatever its run_dir is."""
    return state_dir / "acceptor"


def acquire(path: Path, mode: int = 0o644) -> int:
    """Lock such a file and empty it; returns the descriptor. A Fault (75) names the holder."""
    try:
        while True:
            descriptor = _open(path, mode)
            _lock(descriptor, path)
            if _is_still_named(descriptor, path):
                os.fchmod(descriptor, mode)  # despite the umask: everybody may see the status
                os.ftruncate(descriptor, 0)
                return descriptor
            os.close(descriptor)
    except OSError as error:
        code = denied_or(error, UNAVAILABLE)
        raise Fault(str(path), reason(error), "see service.run_dir", code=code) from error


def _open(path: Path, mode: int) -> int:
    """Open the file; if it is root's, an older papayad made it, and it is made anew."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        return os.open(path, flags, mode)
    except PermissionError:
        if (pid := holder(path)) is not None:
            raise _held(path, pid) from None
        path.unlink()
    return os.open(path, flags, mode)


def write(descriptor: int) -> None:
    """Make this process the holder, also for the kernel: after the last fork. Raises OSError."""
    locks.own(descriptor)
    with suppress(OSError):  # a full disk has no place for what is for people only
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def renew(named: str, descriptor: int) -> int:
    """Make the file again if it was removed while we run (run_dir was wiped).

    Called when a client comes. Returns the descriptor that holds the lock from now on. Raises a
    Fault when the file cannot be made, or when it is another papayad's by now.
    """
    if _is_still_named(descriptor, named):
        return descriptor
    path = Path(named)
    with suppress(OSError):  # `acquire` will say why
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.parent.chmod(0o755)
    fresh = acquire(path)
    write(fresh)
    os.close(descriptor)
    return fresh


def holder(path: Path) -> int | None:
    """The acceptor's pid (0: starting), or None when nobody holds the lock. Raises OSError."""
    descriptor = open_plain(path)
    if descriptor < 0:
        with suppress(FileNotFoundError):
            os.stat(path)  # raises if we may not even look for the file
        return None
    try:
        return locks.owner(descriptor) if locks.is_held(descriptor) else None
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + _PROBES_PASS
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                break
        time.sleep(0.02)
    pid = locks.owner(descriptor)
    os.close(descriptor)
    raise _held(path, pid)


def _held(path: Path, pid: int) -> Fault:
    by = f"by papayad with pid {pid}" if pid else "by a papayad that is just starting"
    remedy = "stop it with papayactl acceptor stop, or use another room"
    return Fault(str(path), f"held {by}", remedy, code=TRY_AGAIN)


def _is_still_named(descriptor: int, path: str | Path) -> bool:
    try:
        named = os.stat(path)
    except FileNotFoundError:
        return False
    own = os.fstat(descriptor)
    return (named.st_dev, named.st_ino) == (own.st_dev, own.st_ino)
