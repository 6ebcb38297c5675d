"""The cage of a role, entered as a cluster enters it, and attempts to get out of it."""

import ctypes
import errno
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.kit.processes import run_in_child
from papayad.formats import titles
from papayad.sandbox import landlock, prepare, rlimits, syscalls
from papayad.sandbox.prepare import Sandbox
from papayad.system import descriptors

ROLES = [titles.RECV, titles.SEND, titles.REAPER]
FILE_BYTES = 1 << 20
# The parts of the cage that a machine may have.
BOTH, SECCOMP, LANDLOCK = "both", "seccomp", "landlock"

_REFUSED = (errno.EPERM, errno.EACCES)
AF_UNSPEC = 0
MSG_FASTOPEN = 0x20000000

_ARCHITECTURE = syscalls.architecture()  # uname(2) is refused inside
_libc = ctypes.CDLL(None, use_errno=True)


def skip_unless_whole() -> None:
    """It tries in a child, since a process cannot take back no_new_privs."""
    try:
        run_in_child(lambda: _assert_whole(prepare.prepare("required", Path("/"))))
    except AssertionError:
        pytest.skip("this machine has no seccomp for us, or no Landlock")


def _assert_whole(made: Sandbox) -> None:
    assert made.lacks == []


def landlock_abi() -> int:
    return landlock.version(prepare.Kernel().syscall)


def enter(role: str, state_dir: Path, halves: str = BOTH, kept: tuple[int, ...] = ()) -> None:
    """Enter it for good, in a child: as a cluster does, with the descriptors that a cluster has."""
    made = prepare.prepare("required", state_dir)
    if halves == SECCOMP:
        made.rulesets = {}
    elif halves == LANDLOCK:
        made.programs = {}
    descriptors.close_all_but({*kept, *made.rulesets.values()})
    rlimits.confine(role, 0, FILE_BYTES)
    made.enter(role)


def refused(call: Callable[..., object], *words: Any) -> None:
    """Expect that a call fails with EPERM or EACCES; anything else fails the test."""
    try:
        done = call(*words)
    except OSError as error:
        assert error.errno in _REFUSED, error
        return
    raise AssertionError(f"it was not refused: {done}")


def call(name: str | int, *words: int) -> int:
    """Make a system call by name or number; each argument is a whole word. Raises OSError."""
    number = name if isinstance(name, int) else syscalls.number(_ARCHITECTURE, name)
    result: int = _libc.syscall(ctypes.c_long(number), *(ctypes.c_long(word) for word in words))
    if result == -1:
        raise OSError(ctypes.get_errno(), f"{name}{words}")
    return result


def connect_anew(descriptor: int, port: int) -> None:
    """Dissolve a connection and make another one with the same socket. Raises OSError."""
    nowhere = ctypes.create_string_buffer(16)  # sockaddr with sa_family 0
    there = _address(port)
    for address in (nowhere, there):
        if _libc.connect(descriptor, address, len(address.raw)) != 0:
            raise OSError(ctypes.get_errno(), "connect")


def send_to(descriptor: int, data: bytes, flags: int, port: int) -> None:
    """sendto(2) with an address. Raises OSError."""
    there = _address(port)
    if _libc.sendto(descriptor, data, len(data), flags, there, len(there.raw)) < 0:
        raise OSError(ctypes.get_errno(), "sendto")


def _address(port: int) -> "ctypes.Array[ctypes.c_char]":
    """struct sockaddr_in of loopback."""
    head = socket.AF_INET.to_bytes(2, "little") + port.to_bytes(2, "big")
    return ctypes.create_string_buffer(head + socket.inet_aton("127.0.0.1") + bytes(8), 16)
