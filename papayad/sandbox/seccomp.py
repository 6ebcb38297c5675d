"""Which system calls RECV, SEND and the reaper may make, with what in them: filters by role.

Made once, at the acceptor's start. What is not listed fails with EPERM. Nobody makes a socket,
connects one, or sends to an address: what a cluster has to say goes through the acceptor.
"""

import fcntl
import os
import signal
from collections.abc import Mapping

from papayad.formats.titles import REAPER, RECV, SEND
from papayad.sandbox import syscalls
from papayad.sandbox.bpf import ALWAYS, Rule, assemble, none_of, null, one_of
from papayad.system.descriptors import INHERITED

_MEMORY_TIME_ENDS = (
    "brk munmap mremap madvise futex futex_time64 getrandom rseq sysinfo sched_yield "
    "clock_gettime clock_gettime64 clock_getres gettimeofday time "
    "clock_nanosleep clock_nanosleep_time64 nanosleep setitimer restart_syscall "
    "rt_sigaction rt_sigprocmask rt_sigreturn sigreturn rt_sigtimedwait rt_sigtimedwait_time64 "
    "exit exit_group"
)
# They fail nowhere, so nobody looks whether they did: -1 would be taken for a pid.
_WHO_AM_I = (
    "getpid gettid getppid getpgrp getpgid getsid "
    "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32"
)
_READING = (
    "read pread64 lseek _llseek close getdents64 "
    "fstat fstat64 stat stat64 lstat lstat64 newfstatat fstatat64 statx "
    "poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64"
)
_APPENDING = (
    "write pwrite64 fsync fdatasync ftruncate ftruncate64 unlink "
    "statfs fstatfs statfs64 fstatfs64"  # how much space is left
)
_OWN = {
    RECV: f"{_APPENDING} shutdown recvfrom recv",  # a client that goes is read to its end
    REAPER: _APPENDING,
    SEND: "write sendfile sendfile64",
}
ROLES = tuple(_OWN)
_ALL = 0xFFFFFFFF
_SIGN = 0x80000000
_PROT_EXEC = 4
# Bits of openat(2) that change nothing; the last two are O_LARGEFILE of some machines.
_HARMLESS = (
    os.O_CLOEXEC | os.O_NONBLOCK | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NOCTTY | 0o500000
)  # fmt: skip
_APPEND = os.O_RDWR | os.O_APPEND
_FCNTL = (fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_SETFL)  # never F_SETOWN, F_DUPFD
_IOCTL = (0x5421, 0x541B, 0x5451)  # FIONBIO, FIONREAD, FIOCLEX; nothing of a terminal's
_SOCKETCALL = (10, 12, 13)  # i386's recv, recvfrom, shutdown
_REMOVE_DIRECTORY = 0x200


def build(architecture: str) -> dict[str, bytes]:
    """The filter of each role for an architecture that `syscalls` knows."""
    audit_number = syscalls.audit_number(architecture)
    programs = {}
    for role in _OWN:
        known = {syscalls.number(architecture, call): rule for call, rule in rules(role).items()}
        known.pop(-1, None)
        programs[role] = assemble(audit_number, known)
    return programs


def rules(role: str) -> Mapping[str, Rule]:
    """By the name of the call; most are of no architecture that is not 32 bits wide, or new."""
    found: dict[str, Rule] = dict.fromkeys(
        f"{_MEMORY_TIME_ENDS} {_WHO_AM_I} {_READING} {_OWN[role]}".split(), ALWAYS
    )
    found["mmap"] = found["mmap2"] = found["mprotect"] = [(one_of(2, 0, mask=_PROT_EXEC),)]
    found["fcntl"] = found["fcntl64"] = [(one_of(1, *map(int, _FCNTL)),)]
    found["ioctl"] = [(one_of(1, *_IOCTL),)]
    found["flock"] = _locks(role)
    found["openat"], found["open"] = _opens(role, 2), _opens(role, 1)
    if role != SEND:
        found["kill"] = _signals(role)
        found["unlinkat"] = [(one_of(2, 0, mask=_REMOVE_DIRECTORY),)]
        found["utimensat"] = found["utimensat_time64"] = [null(1)]  # of a descriptor
    if role == RECV:
        found["socketcall"] = [(one_of(0, *_SOCKETCALL),)]
    return found


def _locks(role: str) -> Rule:
    own = one_of(0, 0, mask=_ALL & ~(INHERITED - 1))
    if role == SEND:
        shared = fcntl.LOCK_SH
        return [(own, one_of(1, shared, shared | fcntl.LOCK_NB, fcntl.LOCK_UN))]
    return [(own,)]


def _opens(role: str, flags: int) -> Rule:
    """For reading; RECV and the reaper for appending, too, and new files with one mode only."""
    mask = _ALL & ~_HARMLESS
    reading = (one_of(flags, os.O_RDONLY, mask=mask),)
    if role == SEND:
        return [reading]
    made = (one_of(flags, _APPEND | os.O_CREAT, mask=mask), one_of(flags + 1, 0o600))
    return [reading, (one_of(flags, _APPEND, mask=mask),), made]


def _signals(role: str) -> Rule:
    """The announcement to any group, for groups come and go; never to all processes, which is -1.

    RECV wakes its SEND. Nobody ends anybody.
    """
    announced = (
        one_of(0, _SIGN, mask=_SIGN),
        none_of(0, _ALL),
        one_of(1, int(signal.SIGUSR1)),
    )
    if role == REAPER:
        return [announced]
    single = one_of(0, 0, mask=_SIGN), none_of(0, 0)
    return [announced, (*single, one_of(1, int(signal.SIGUSR2)))]
