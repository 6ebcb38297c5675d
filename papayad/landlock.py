"""Landlock: a process gives up all files but some (Linux 5.13; landlock(7)).

A leaf. Numbers and structures are the kernel's, include/uapi/linux/landlock.h.
"""

import os
import struct
from collections.abc import Callable
from pathlib import Path

Syscall = Callable[..., int]

WRITE_FILE, READ_FILE, READ_DIR, REMOVE_FILE, MAKE_REG = 1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 8
TRUNCATE = 1 << 14

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_ABI = 1  # a flag of create_ruleset: tell the version
_PATH_BENEATH = 1
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many kinds of access a version knows
_NET = 0b11  # to bind and to connect TCP; from version 4
_ABSTRACT_SOCKETS = 0b1  # outside of the sandbox; from version 6


def version(syscall: Syscall) -> int:
    """What this kernel knows; 0 where it knows nothing, or was booted without."""
    try:
        return syscall(_CREATE, None, 0, _ABI)
    except OSError:
        return 0


def restrict(syscall: Syscall, abi: int, allowed: list[tuple[Path, int]]) -> None:
    """Nothing but what is allowed below the given paths, for good. Raises OSError."""
    rights = (1 << _RIGHTS[min(abi, max(_RIGHTS))]) - 1
    attributes = struct.pack("=Q", rights)
    if abi >= 4:
        attributes += struct.pack("=Q", _NET)
    if abi >= 6:
        attributes += struct.pack("=Q", _ABSTRACT_SOCKETS)
    ruleset = syscall(_CREATE, attributes, len(attributes), 0)
    try:
        for path, access in allowed:
            beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = struct.pack("=Qi", access & rights, beneath)
                syscall(_ADD, ruleset, _PATH_BENEATH, rule, 0)
            finally:
                os.close(beneath)
        syscall(_RESTRICT, ruleset, 0)
    finally:
        os.close(ruleset)
