"""What a machine may do to the processes of a room for a moment; all of it is undone after that.

System calls fail (strace makes them), limits are lowered (prlimit), the disk is full (a tmpfs of
the room's own, where this machine lets one be mounted). The processes' sandbox stays as it is.
"""

import resource
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from pathlib import Path

from lab.kit import hostile
from lab.kit.machine.injection import injecting
from lab.kit.machine.kernel import limit
from lab.kit.machine.limits import set_soft
from lab.kit.machine.mounts import can_mount, fill, tmpfs
from lab.kit.stranger import Stranger

HAS_MOUNT = can_mount()
HAS_STRACE = shutil.which("strace") is not None

RECV, SEND, ACCEPTOR = "recv", "send", "acceptor"

#: As strace's `-e inject=` takes them, without the time. RECV makes the calls for the log.
CALLS = {
    RECV: [
        *(f"{call}:error={error}" for call in ("write", "fdatasync", "pwrite64", "pread64")
          for error in ("ENOSPC", "EIO", "EDQUOT")),
        "write:retval=7",
        "pwrite64:retval=7",
        "flock:error=EINTR",
        "read:error=EINTR",
        "openat:error=EMFILE",
    ],
    SEND: [
        "sendfile:error=EINTR",
        "sendfile:error=EIO",
        "write:error=EINTR",
        "pread64:error=EIO",
        "flock:error=EINTR",
        "openat:error=EMFILE",
    ],
    ACCEPTOR: [
        "clone:error=EAGAIN",
        "clone:error=ENOMEM",
        *(f"accept4:error={error}" for error in ("EMFILE", "ENFILE", "ENOBUFS", "ECONNABORTED")),
        "accept4:error=EINTR",
        "openat:error=EMFILE",
        "openat:error=ENOSPC",
        "recvfrom:error=EINTR",
        "epoll_wait:error=EINTR",
    ],
}  # fmt: skip
TIMES = ("when=1", "when=1..3", "when=2+3")

LIMITS = {
    "file size": (resource.RLIMIT_FSIZE, "Max file size"),
    "open files": (resource.RLIMIT_NOFILE, "Max open files"),
}


@contextmanager
def failing(pid: int, fault: str) -> Iterator[None]:
    """Let calls fail; AssertionError when the process is gone before it could be traced."""
    with injecting(pid, fault):
        yield


@contextmanager
def limited(pid: int, name: str, soft: int) -> Iterator[None]:
    """Lower a limit; OSError when the process is gone."""
    which, title = LIMITS[name]
    before = limit(pid, title)[0]
    set_soft(pid, which, soft)
    try:
        yield
    finally:
        with suppress(OSError):
            set_soft(pid, which, -1 if before == "unlimited" else int(before))


def disk(directory: Path) -> AbstractContextManager[None]:
    """A small disk for the room, where the machine lets one be mounted."""
    return tmpfs(directory, "64m") if HAS_MOUNT else nullcontext()


@contextmanager
def hostile_files(directory: Path) -> Iterator[None]:
    """Names and files of an attacker in every directory; they name a stranger, whom nobody signals.

    RuntimeError if somebody did: chaos forgives AssertionErrors and OSErrors while something fails.
    """
    with closing(Stranger()) as stranger:
        try:
            with hostile.planted(directory, stranger.pid):
                yield
        finally:
            hostile.clear(directory)
        if stranger.signals():
            raise RuntimeError("a stranger was signalled, whom a file named")


@contextmanager
def full(directory: Path) -> Iterator[None]:
    filler = fill(directory)
    try:
        yield
    finally:
        filler.unlink()
