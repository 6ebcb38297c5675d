"""What an attacker with code of his own in RECV or SEND tries, one thing after the other.

All of it runs in the caged process itself, a client's of a real room. An attempt is a name, a
function, and its arguments: it either does something, or raises.
"""

import _thread
import ctypes
import errno
import fcntl
import mmap
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from lab.kit.machine import cage
from lab.torture.inside.place import Place
from papayad.sandbox import seccomp, syscalls

_libc = ctypes.CDLL(None, use_errno=True)
_APPEND = os.O_RDWR | os.O_APPEND
_IOCTLS = {
    "TIOCSTI": 0x5412, "TIOCLINUX": 0x541C, "TIOCSCTTY": 0x540E, "TCSETS": 0x5402,
    "FIOSETOWN": 0x8901, "SIOCSPGRP": 0x8902, "FIOASYNC": 0x5452, "SIOCGIFCONF": 0x8912,
}  # fmt: skip
_FCNTLS = {"F_SETOWN": fcntl.F_SETOWN, "F_SETSIG": fcntl.F_SETSIG, "F_SETLEASE": fcntl.F_SETLEASE}
_PTRACE_ATTACH, _PR_SET_DUMPABLE, _PR_SET_SECCOMP = 16, 4, 22
_NEWUSER = 0x10000000
# uretprobe and uprobe of x86_64 pass every filter: the kernel's own trampolines call them.
_UNFILTERED = {335, 336}

Attempt = tuple[Any, ...]  # its name, a function, its arguments


def network(place: Place) -> Iterator[Attempt]:
    own, port = place.client.socket, place.facts.port
    number, there = own.fileno(), ("127.0.0.1", port)
    yield "connect anew", cage.connect_anew, number, port
    yield "sendto an address", cage.send_to, number, b"x", 0, port
    yield "sendto with FASTOPEN", cage.send_to, number, b"x", cage.MSG_FASTOPEN, port
    yield "sendmsg to an address", own.sendmsg, [b"x"], [], 0, there
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, number.to_bytes(4, "little"))]
    yield "send a descriptor", own.sendmsg, [b"x"], rights
    yield "recvmsg", own.recvmsg, 1, 99, socket.MSG_DONTWAIT
    yield "bind", own.bind, ("127.0.0.1", 0)
    yield "listen", own.listen
    yield "accept", _checked, _libc.accept, number, None, None
    yield "setsockopt", own.setsockopt, socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0
    for family in ("INET", "INET6", "UNIX", "NETLINK", "PACKET", "ALG", "VSOCK"):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            known = getattr(socket, f"AF_{family}")
            yield f"a socket {family} {kind.name[5:]}", socket.socket, known, kind
    yield "a pair of sockets", socket.socketpair


def processes(place: Place) -> Iterator[Attempt]:
    facts, alice = place.facts, place.alice()
    whom = {
        "the acceptor": place.acceptor, "the group": -place.acceptor, "its parent": os.getppid(),
        "alice's RECV": alice.recv, "alice's SEND": alice.send,
        "root's process": facts.root, "root's group": -facts.root,
        "a stranger": facts.stranger, "a stranger's group": -facts.stranger,
    }  # fmt: skip
    if facts.is_alone:
        whom["all"] = -1
    for name, pid in whom.items():
        for signum in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP, signal.SIGHUP):
            yield f"{signum.name} to {name}", os.kill, pid, signum
    for name in ("root's process", "root's group", "a stranger", "the acceptor"):
        yield f"SIGUSR1 to {name}", os.kill, whom[name], signal.SIGUSR1
    yield "tgkill", signal.pthread_kill, _thread.get_ident(), 0
    yield "a pidfd of the acceptor", os.pidfd_open, place.acceptor
    yield "pidfd_send_signal", signal.pidfd_send_signal, place.client.socket.fileno(), 0
    yield "fork", _fork
    yield "a thread", _thread.start_new_thread, time.sleep, (0,)
    yield "posix_spawn", os.posix_spawn, "/bin/true", ["true"], {}
    yield "execve", os.execv, "/bin/true", ["true"]
    yield "ptrace", _checked, _libc.ptrace, _PTRACE_ATTACH, place.acceptor, 0, 0
    buffer = ctypes.create_string_buffer(16)
    there = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 16)
    for name in ("process_vm_readv", "process_vm_writev"):
        yield name, _checked, getattr(_libc, name), place.acceptor, there, 1, there, 1, 0
    yield "setsid", os.setsid
    yield "join another group", os.setpgid, 0, place.acceptor
    yield "renice the acceptor", os.setpriority, os.PRIO_PROCESS, place.acceptor, 19
    yield "a core for the acceptor", os.sched_setaffinity, place.acceptor, {0}
    yield "limit the acceptor", resource.prlimit, place.acceptor, resource.RLIMIT_NOFILE, (0, 0)


def numbers(place: Place) -> Iterator[Attempt]:
    yield "every system call that is not listed", _call_all, unlisted(place.role)


def rights(place: Place) -> Iterator[Attempt]:
    yield "setuid", os.setuid, 0
    yield "setresuid", os.setresuid, 0, 0, 0
    yield "setgroups", os.setgroups, [0]
    yield "dumpable again", _checked, _libc.prctl, _PR_SET_DUMPABLE, 1, 0, 0, 0
    yield "another filter", _checked, _libc.prctl, _PR_SET_SECCOMP, 2, 0, 0, 0
    yield "unshare", _checked, _libc.unshare, _NEWUSER
    yield "setns", _checked, _libc.setns, place.client.socket.fileno(), 0
    yield "mount", _checked, _libc.mount, b"none", b"/tmp", b"tmpfs", 0, None
    yield "chroot", os.chroot, "/"
    yield "set the clock", time.clock_settime, time.CLOCK_REALTIME, time.time()
    for name in ("NOFILE", "NPROC", "FSIZE", "AS", "CORE"):
        limit = getattr(resource, f"RLIMIT_{name}")
        yield f"raise RLIMIT_{name}", resource.setrlimit, limit, (1 << 40, 1 << 40)
    yield "memory to execute", mmap.mmap, -1, 4096, mmap.MAP_PRIVATE, mmap.PROT_EXEC
    yield "memory made to execute", _checked, _libc.mprotect, None, 4096, mmap.PROT_EXEC
    yield "1 GiB of memory", mmap.mmap, -1, 1 << 30


def files(place: Place) -> Iterator[Attempt]:
    acceptor = f"/proc/{place.acceptor}"
    known = place.facts.files | {
        "its own memory": "/proc/self/mem", "/proc/locks": "/proc/locks", "/dev/null": "/dev/null",
        "the acceptor's memory": f"{acceptor}/mem", "/dev/tty": "/dev/tty",
        "the acceptor's environment": f"{acceptor}/environ",
    }  # fmt: skip
    for name, path in known.items():
        yield f"read {name}", _open, path, os.O_RDONLY
        yield f"append to {name}", _open, path, _APPEND
        yield f"write {name}", _open, path, os.O_WRONLY
    for path in ("/", "/proc"):
        yield f"list {path}", os.listdir, path
    yield "list beside the state directory", os.listdir, f"{place.shared.state_dir}/.."
    run_dir = os.path.dirname(place.shared.pid_file)
    yield "hear the relay", _open, f"{run_dir}/relay", os.O_RDONLY | os.O_NONBLOCK
    yield "hear the relay's own end", os.read, place.shared.relay, 1
    yield "memfd_create", os.memfd_create, "x"
    yield "inotify_init", _checked, _libc.inotify_init
    yield "eventfd", os.eventfd, 0
    yield "a pipe", os.pipe


def names(place: Place) -> Iterator[Attempt]:
    """In the state directory, where RECV may append, make segments, and remove."""
    log, new = f"{place.shared.state_dir}/{0:020}.log", f"{place.shared.state_dir}/new"
    wrong = {"O_WRONLY": os.O_WRONLY, "O_RDWR": os.O_RDWR, "O_TRUNC": _APPEND | os.O_TRUNC}
    for name, flags in (wrong | {"O_PATH": os.O_PATH}).items():
        yield f"open the log with {name}", _open, log, flags
    yield "a file without a name", _open, place.shared.state_dir, os.O_RDWR | os.O_TMPFILE
    for mode in (0o644, 0o777, 0o4600):
        yield f"a file of mode {mode:o}", _open, new, _APPEND | os.O_CREAT, mode
    yield "a symbolic link", os.symlink, "/etc/passwd", new
    yield "a link", os.link, log, new
    yield "rename", os.rename, log, new
    yield "a directory", os.mkdir, new
    yield "remove a directory", os.rmdir, place.shared.roster
    yield "a pipe with a name", os.mkfifo, new
    yield "a device", os.mknod, new, 0o20600, os.makedev(1, 3)
    yield "chmod", os.chmod, log, 0o666
    yield "chown", os.chown, log, os.getuid(), os.getgid()
    yield "times by a name", os.utime, log
    yield "an attribute", os.setxattr, log, "user.x", b"x"
    yield "truncate by a name", os.truncate, log, 0
    yield "open the log to append", _open, log, _APPEND
    yield "a segment", _open, new, _APPEND | os.O_CREAT, 0o600
    yield "a segment of 8 TiB", _grow, new, 1 << 43
    yield "remove a segment", os.unlink, new


def descriptors(place: Place) -> Iterator[Attempt]:
    held, own = place.client.seat.descriptor, place.client.socket.fileno()
    committed = os.open(f"{place.shared.state_dir}/committed", os.O_RDONLY)
    yield "give up the entry's lock", fcntl.flock, held, fcntl.LOCK_UN
    yield "share the entry's lock", fcntl.flock, held, fcntl.LOCK_SH
    yield "dup the entry's lock", os.dup, held
    yield "dup2 the entry's lock", os.dup2, held, 5
    yield "F_DUPFD", fcntl.fcntl, held, fcntl.F_DUPFD, 3
    yield "lockf", fcntl.lockf, committed, fcntl.LOCK_SH | fcntl.LOCK_NB
    yield "exclude all from the log", fcntl.flock, committed, fcntl.LOCK_EX | fcntl.LOCK_NB
    yield "let the log go", fcntl.flock, committed, fcntl.LOCK_UN
    for name, command in _FCNTLS.items():
        yield name, fcntl.fcntl, own, command, os.getpid()
    for name, command in _IOCTLS.items():
        yield name, fcntl.ioctl, own, command, b"x" * 64
    yield "splice", os.splice, committed, own, 1
    yield "copy_file_range", os.copy_file_range, committed, held, 1
    yield "find a terminal", _find_terminal
    yield "200 descriptors", _open_many, place.shared.state_dir, 200


THEMES: dict[str, Callable[[Place], Iterator[Attempt]]] = {
    kind.__name__: kind for kind in (network, processes, numbers, rights, files, names, descriptors)
}


@cache
def unlisted(role: str) -> set[int]:
    """Every number that a role's filter does not list. It has to be known before the cage."""
    architecture = syscalls.architecture()
    listed = {syscalls.number(architecture, name) for name in seccomp.rules(role)}
    return set(range(1024)) - listed - _UNFILTERED


def _call_all(these: Iterable[int]) -> None:
    """EPERM if all of them are refused; it does not fail if one of them is not."""
    for number in these:
        try:
            cage.call(number, 0, 0, 0, 0)
        except PermissionError:
            continue
        return
    raise PermissionError(errno.EPERM, "all are refused")


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _open(path: str, flags: int, mode: int = 0o600) -> None:
    os.close(os.open(path, flags, mode))


def _grow(path: str, size: int) -> None:
    descriptor = os.open(path, _APPEND)
    try:
        os.ftruncate(descriptor, size)
    finally:
        os.close(descriptor)


def _open_many(path: str, count: int) -> None:
    opened = []
    try:
        for _ in range(count):
            opened.append(os.open(path, os.O_RDONLY))
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _find_terminal() -> None:
    if not any(os.isatty(number) for number in range(100)):
        raise OSError(errno.ENOTTY, "no terminal is left")


def _checked(function: Any, *arguments: object) -> None:
    if function(*arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")
