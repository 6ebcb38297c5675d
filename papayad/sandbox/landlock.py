"""Landlock: a process gives up all files except some (Linux 5.13; landlock(7)).

A leaf. Numbers and structures are the kernel's, include/uapi/linux/landlock.h. The acceptor makes
a ruleset for each role, once; its clusters inherit the descriptors, and a process needs only one
system call to enter one.
"""

import os
import struct
from collections.abc import Callable

Syscall = Callable[..., int]  # a number and up to four words; an address is one

WRITE_FILE, READ_FILE, READ_DIR, REMOVE_FILE, MAKE_REG = 1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 8
TRUNCATE = 1 << 14
SIGNALS = 1 << 1  # a scope: no signals to processes outside of the sandbox; from version 6

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_ABI = 1  # a flag of create_ruleset: tell the version
_PATH_BENEATH = 1
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many kinds of access a version knows
_NET = 0b11  # to bind and to connect TCP; from version 4
_ABSTRACT_SOCKETS = 1 << 0  # a scope, too


def version(syscall: Syscall) -> int:
    """The version that this kernel has; 0 if it has none, or was booted without Landlock."""
    try:
        return syscall(_CREATE, 0, 0, _ABI)
    except OSError:
        return 0


def ruleset(syscall: Syscall, abi: int, path: str, access: int, scope: int = 0) -> int:
    """A descriptor of a ruleset that allows only this access, below this path. Raises OSError."""
    rights = (1 << _RIGHTS[min(abi, max(_RIGHTS))]) - 1
    attributes = struct.pack("=Q", rights)
    if abi >= 4:
        attributes += struct.pack("=Q", _NET)
    if abi >= 6:
        attributes += struct.pack("=Q", _ABSTRACT_SOCKETS | scope)
    made = syscall(_CREATE, _address(attributes), len(attributes))
    beneath = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", access & rights, beneath)
        syscall(_ADD, made, _PATH_BENEATH, _address(rule), 0)
    finally:
        os.close(beneath)
    return made


def restrict(syscall: Syscall, ruleset: int) -> None:
    """Restrict the calling process, for good. Raises OSError."""
    syscall(_RESTRICT, ruleset, 0)


def _address(data: bytes) -> int:
    """The address of an object, which the caller keeps alive."""
    import ctypes

    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0
