"""Numbers of system calls, by the machine's architecture (a leaf).

The kernel never changes them, so papayad needs no library for them, and a room is confined wherever
its kernel can do it. The tests compare each with libseccomp's.
"""

import os
import sys

_AUDIT_ARCH = {  # by uname(2)'s machine: its column below, its number in linux/audit.h
    "x86_64": (0, 0xC000003E),
    "aarch64": (1, 0xC00000B7),
    "riscv64": (1, 0xC00000F3),
    "loongarch64": (1, 0xC0000102),
    "arm": (2, 0x40000028),
    "i386": (3, 0x40000003),
}
_32_BIT = {"x86_64": "i386", "i686": "i386", "i586": "i386", "i386": "i386"}  # all others: ARM

# x86_64, the generic table of newer 64-bit machines, arm, i386; -1 where there is no such call.
NUMBERS = {
    "brk": (12, 214, 45, 45),
    "clock_getres": (229, 114, 264, 266),
    "clock_gettime": (228, 113, 263, 265),
    "clock_gettime64": (-1, -1, 403, 403),
    "clock_nanosleep": (230, 115, 265, 267),
    "clock_nanosleep_time64": (-1, -1, 407, 407),
    "close": (3, 57, 6, 6),
    "exit": (60, 93, 1, 1),
    "exit_group": (231, 94, 248, 252),
    "fcntl": (72, 25, 55, 55),
    "fcntl64": (-1, -1, 221, 221),
    "fdatasync": (75, 83, 148, 148),
    "flock": (73, 32, 143, 143),
    "fstat": (5, 80, 108, 108),
    "fstat64": (-1, -1, 197, 197),
    "fstatat64": (-1, -1, 327, 300),
    "fstatfs": (138, 44, 100, 100),
    "fstatfs64": (-1, -1, 267, 269),
    "fsync": (74, 82, 118, 118),
    "ftruncate": (77, 46, 93, 93),
    "ftruncate64": (-1, -1, 194, 194),
    "futex": (202, 98, 240, 240),
    "futex_time64": (-1, -1, 422, 422),
    "getdents64": (217, 61, 217, 220),
    "getegid": (108, 177, 50, 50),
    "getegid32": (-1, -1, 202, 202),
    "geteuid": (107, 175, 49, 49),
    "geteuid32": (-1, -1, 201, 201),
    "getgid": (104, 176, 47, 47),
    "getgid32": (-1, -1, 200, 200),
    "getpgid": (121, 155, 132, 132),
    "getpgrp": (111, -1, 65, 65),
    "getpid": (39, 172, 20, 20),
    "getppid": (110, 173, 64, 64),
    "getrandom": (318, 278, 384, 355),
    "getsid": (124, 156, 147, 147),
    "gettid": (186, 178, 224, 224),
    "gettimeofday": (96, 169, 78, 78),
    "getuid": (102, 174, 24, 24),
    "getuid32": (-1, -1, 199, 199),
    "ioctl": (16, 29, 54, 54),
    "kill": (62, 129, 37, 37),
    "_llseek": (-1, -1, 140, 140),
    "lseek": (8, 62, 19, 19),
    "lstat": (6, -1, 107, 107),
    "lstat64": (-1, -1, 196, 196),
    "madvise": (28, 233, 220, 219),
    "mmap": (9, 222, -1, -1),  # i386's has its arguments in memory, where no filter sees them
    "mmap2": (-1, -1, 192, 192),
    "mprotect": (10, 226, 125, 125),
    "mremap": (25, 216, 163, 163),
    "munmap": (11, 215, 91, 91),
    "nanosleep": (35, 101, 162, 162),
    "newfstatat": (262, 79, -1, -1),
    "_newselect": (-1, -1, 142, 142),
    "open": (2, -1, 5, 5),
    "openat": (257, 56, 322, 295),
    "poll": (7, -1, 168, 168),
    "ppoll": (271, 73, 336, 309),
    "ppoll_time64": (-1, -1, 414, 414),
    "pread64": (17, 67, 180, 180),
    "pselect6": (270, 72, 335, 308),
    "pselect6_time64": (-1, -1, 413, 413),
    "pwrite64": (18, 68, 181, 181),
    "read": (0, 63, 3, 3),
    "recv": (-1, -1, 291, -1),
    "recvfrom": (45, 207, 292, 371),
    "restart_syscall": (219, 128, 0, 0),
    "rseq": (334, 293, 398, 386),
    "rt_sigaction": (13, 134, 174, 174),
    "rt_sigprocmask": (14, 135, 175, 175),
    "rt_sigreturn": (15, 139, 173, 173),
    "rt_sigtimedwait": (128, 137, 177, 177),
    "rt_sigtimedwait_time64": (-1, -1, 421, 421),
    "sched_yield": (24, 124, 158, 158),
    "select": (23, -1, -1, -1),
    "sendfile": (40, 71, 187, 187),
    "sendfile64": (-1, -1, 239, 239),
    "setitimer": (38, 103, 104, 104),
    "shutdown": (48, 210, 293, 373),
    "sigreturn": (-1, -1, 119, 119),
    "socketcall": (-1, -1, -1, 102),
    "stat": (4, -1, 106, 106),
    "stat64": (-1, -1, 195, 195),
    "statfs": (137, 43, 99, 99),
    "statfs64": (-1, -1, 266, 268),
    "statx": (332, 291, 397, 383),
    "sysinfo": (99, 179, 116, 116),
    "time": (201, -1, -1, 13),
    "unlink": (87, -1, 10, 10),
    "unlinkat": (263, 35, 328, 301),
    "utimensat": (280, 88, 348, 320),
    "utimensat_time64": (-1, -1, 412, 412),
    "write": (1, 64, 4, 4),
}


def architecture() -> str:
    """The interpreter's, which may be 32-bit on a 64-bit kernel; it may not be known here."""
    machine = os.uname().machine
    if sys.maxsize > 2**32:
        return machine
    return _32_BIT.get(machine, "arm" if machine.startswith(("arm", "aarch64")) else machine)


def is_known(architecture: str) -> bool:
    return architecture in _AUDIT_ARCH and sys.byteorder == "little"


def audit_number(architecture: str) -> int:
    """The kernel's number of the architecture."""
    return _AUDIT_ARCH[architecture][1]


def number(architecture: str, call: str) -> int:
    """The number of a system call; -1 if the architecture has no such call."""
    return NUMBERS[call][_AUDIT_ARCH[architecture][0]]
