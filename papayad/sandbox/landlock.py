"""Landlock: a process gives up all files but some (Linux 5.13; landlock(7)).

A leaf. Numbers and structures are the kernel's, include/uapi/linux/landlock.h.
"""

import struct
from collections.abc import Callable
from os import O_CLOEXEC, O_PATH, close
from os import open as open_file
from sys import byteorder

Syscall = Callable[..., int]  # a number and up to four words; an address is one

WRITE_FILE, READ_FILE, READ_DIR, REMOVE_FILE, MAKE_REG = 1 << 1, 1 << 2, 1 << 3, 1 << 5, 1 << 8
TRUNCATE = 1 << 14

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_ABI = 1  # a flag of create_ruleset: tell the version
_PATH_BENEATH = 1
_RULE = 12  # bytes of struct landlock_path_beneath_attr, which is packed
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many kinds of access a version knows
_NET = 0b11  # to bind and to connect TCP; from version 4
_ABSTRACT_SOCKETS = 0b1  # outside of the sandbox; from version 6


def version(syscall: Syscall) -> int:
    """What this kernel knows; 0 where it knows nothing, or was booted without."""
    try:
        return syscall(_CREATE, 0, 0, _ABI)
    except OSError:
        return 0


class Ruleset:
    """The structures for this kernel, made once for all processes that `restrict` themselves."""

    def __init__(self, abi: int) -> None:
        import ctypes

        self._rights = (1 << _RIGHTS[min(abi, max(_RIGHTS))]) - 1
        attributes = struct.pack("=Q", self._rights)
        if abi >= 4:
            attributes += struct.pack("=Q", _NET)
        if abi >= 6:
            attributes += struct.pack("=Q", _ABSTRACT_SOCKETS)
        self._size = len(attributes)
        self._buffer = ctypes.create_string_buffer(attributes, self._size)
        self._attributes = ctypes.addressof(self._buffer)
        self._rule = bytearray(_RULE)
        self._rule_at = ctypes.addressof((ctypes.c_char * _RULE).from_buffer(self._rule))

    def restrict(self, syscall: Syscall, allowed: tuple[tuple[str, int], ...]) -> None:
        """Nothing but what is allowed below the given paths, for good. Raises OSError."""
        ruleset = syscall(_CREATE, self._attributes, self._size, 0, 0)
        try:
            for path, access in allowed:
                beneath = open_file(path, O_PATH | O_CLOEXEC)
                self._rule[:8] = (access & self._rights).to_bytes(8, byteorder)
                self._rule[8:] = beneath.to_bytes(4, byteorder)
                try:
                    syscall(_ADD, ruleset, _PATH_BENEATH, self._rule_at, 0)
                finally:
                    close(beneath)
            syscall(_RESTRICT, ruleset, 0, 0, 0)
        finally:
            close(ruleset)
