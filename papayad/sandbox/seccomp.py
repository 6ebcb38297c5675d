"""Which system calls RECV, SEND and the reaper may make: seccomp filters by role.

Made once, at the acceptor's start, by a child of its own that ends: libseccomp and what its Python
bindings bring along are in no process that lives. What is not listed fails with EPERM.
"""

import os
import signal
import socket
import sys
from importlib import import_module
from typing import Any

from papayad.formats import titles

_COMMON = [
    "read",
    "readv",
    "write",
    "writev",
    "pread64",
    "pwrite64",
    "lseek",
    "close",
    "close_range",
    "fstat",
    "newfstatat",
    "stat",
    "lstat",
    "statx",
    "access",
    "faccessat",
    "faccessat2",
    "getdents64",
    "getdents",
    "readlink",
    "readlinkat",
    "getcwd",
    "flock",
    "dup",
    "dup2",
    "dup3",
    "ioctl",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "shutdown",
    "recvfrom",
    "recvmsg",
    "sendto",
    "sendmsg",
    "getsockopt",
    "setsockopt",
    "getsockname",
    "getpeername",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigtimedwait",
    "rt_sigpending",
    "rt_sigsuspend",
    "sigaltstack",
    "restart_syscall",
    "setitimer",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "getpid",
    "gettid",
    "getppid",
    "getpgrp",
    "getpgid",
    "getsid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getrlimit",
    "brk",
    "munmap",
    "mremap",
    "madvise",
    "futex",
    "getrandom",
    "sched_yield",
    "rseq",
    "set_robust_list",
    "membarrier",
    "sysinfo",
    "uname",
    "wait4",
    "waitid",
    "exit",
    "exit_group",
    "connect",
]
_WRITING = [
    "fsync",
    "fdatasync",
    "ftruncate",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "utimensat",
    "fchmod",
    "statfs",
    "fstatfs",
]
# The same, as 32-bit machines have them: with wide offsets, ids and times.
_COMMON_32 = [
    "_llseek",
    "fstat64",
    "stat64",
    "lstat64",
    "fstatat64",
    "_newselect",
    "ppoll_time64",
    "pselect6_time64",
    "send",
    "recv",
    "sigreturn",
    "rt_sigtimedwait_time64",
    "clock_gettime64",
    "clock_getres_time64",
    "clock_nanosleep_time64",
    "getuid32",
    "geteuid32",
    "getgid32",
    "getegid32",
    "ugetrlimit",
    "futex_time64",
    "waitpid",
]
_WRITING_32 = ["ftruncate64", "utimensat_time64", "statfs64", "fstatfs64"]
_SIGNALS = {
    titles.RECV: (signal.SIGUSR1, signal.SIGUSR2, signal.SIGKILL),
    titles.REAPER: (signal.SIGUSR1, signal.SIGKILL),
    titles.SEND: (signal.SIGKILL,),  # a holder of the log's lock that is stopped
}
_FCNTL = (0, 1, 2, 3, 4, 1030)  # duplicate, and get and set flags; never F_SETOWN or F_SETSIG
# The old mmap of 32-bit machines has its arguments in memory, where no filter sees them.
_MMAP = "mmap" if sys.maxsize > 2**32 else "mmap2"
_PROT_EXEC = 4
_PR_SET_NAME = 15


def build() -> dict[str, bytes]:
    """The filter of each role as a BPF program; none where libseccomp cannot be had."""
    reading, writing = os.pipe()
    try:
        child = os.fork()
    except OSError:  # no process to be had: then libseccomp stays in this one
        os.close(reading)
        os.close(writing)
        return _make()
    if child == 0:
        os.close(reading)
        _send_all(writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    programs = {}
    for role in _SIGNALS:
        length, data = int.from_bytes(data[:4], "big"), data[4:]
        if not length:
            return {}
        programs[role], data = data[:length], data[length:]
    return programs


def _send_all(descriptor: int) -> None:
    """The child: each program behind its length, nothing at all when one cannot be made."""
    try:
        programs = _make().values()
        os.write(descriptor, b"".join(len(one).to_bytes(4, "big") + one for one in programs))
    finally:
        os._exit(0)


def _make() -> dict[str, bytes]:
    bindings = _bindings()
    return {role: _program(bindings, role) for role in _SIGNALS} if bindings else {}


def _bindings() -> Any:
    """libseccomp's own bindings (Debian: python3-seccomp), or the same by ctypes (pyseccomp)."""
    for name in ("seccomp", "pyseccomp"):
        try:
            return import_module(name)
        except (ImportError, RuntimeError, OSError):
            continue
    return None


def _program(seccomp: Any, role: str) -> bytes:
    allow, arg = seccomp.ALLOW, seccomp.Arg
    equal, masked = seccomp.EQ, seccomp.MASKED_EQ
    filter = seccomp.SyscallFilter(seccomp.ERRNO(1))
    own = ["sendfile", "sendfile64"] if role == titles.SEND else _WRITING + _WRITING_32
    for call in _COMMON + _COMMON_32 + own:
        _allow(filter, allow, call)
    for call in (_MMAP, "mprotect"):
        _allow(filter, allow, call, arg(2, masked, _PROT_EXEC, 0))
    for command in _FCNTL:
        _allow(filter, allow, "fcntl", arg(1, equal, command))
        _allow(filter, allow, "fcntl64", arg(1, equal, command))
    for signum in _SIGNALS[role]:
        _allow(filter, allow, "kill", arg(1, equal, int(signum)))
    _allow(filter, allow, "prctl", arg(0, equal, _PR_SET_NAME))
    _allow(filter, allow, "prlimit64", arg(2, equal, 0))
    datagram = arg(1, masked, 0xF, int(socket.SOCK_DGRAM))
    _allow(filter, allow, "socket", arg(0, equal, int(socket.AF_UNIX)), datagram)  # syslog's
    if role == titles.SEND:
        writing = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC
        _allow(filter, allow, "openat", arg(2, masked, writing, os.O_RDONLY))
    else:
        _allow(filter, allow, "openat")
    return _exported(filter)


def _allow(filter: Any, action: Any, call: str, *conditions: Any) -> None:
    """A call that this machine's architecture does not have is none to allow."""
    try:
        filter.add_rule(action, call, *conditions)
    except (OSError, ValueError, RuntimeError):
        return


def _exported(filter: Any) -> bytes:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as file:  # 4 KiB or so: less than a pipe holds
        filter.export_bpf(file)
    with os.fdopen(reading, "rb") as pipe:
        return pipe.read()
