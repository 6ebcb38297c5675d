"""What a cluster's process gives up for good, by role: system calls and files (SECURITY.md).

Prepared by the acceptor at start, entered by RECV, SEND and the reaper when they have what they
need. Linux only; elsewhere, and where the kernel lacks a half of it or refuses one, "auto" goes
without it and says so, and "required" refuses to start. The acceptor itself is in no sandbox: it
reads certificates anew.
"""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from errno import ENOSYS
from os import close
from pathlib import Path

from papayad.errors import UNAVAILABLE, Fault
from papayad.formats.titles import REAPER, RECV, SEND
from papayad.sandbox import landlock, seccomp, syscalls
from papayad.system.spawn import apart

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_READ = landlock.READ_FILE | landlock.READ_DIR
_CHANGE = landlock.WRITE_FILE | landlock.REMOVE_FILE | landlock.MAKE_REG | landlock.TRUNCATE
# What each may do below state_dir, and what it gives up beside files. SEND signals nobody; RECV
# and the reaper announce to the clients of other acceptors, which are in no sandbox of theirs.
_BELOW = {RECV: (_READ | _CHANGE, 0), REAPER: (_READ | _CHANGE, 0), SEND: (_READ, landlock.SIGNALS)}


class Kernel:
    """System calls that Python has no functions for. Raises ImportError, MemoryError or OSError.

    All arguments are words, addresses too: whatever a process does here for the first time after a
    fork costs it pages, and this is one way of conversion instead of four.
    """

    def __init__(self) -> None:
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
        self._errno = ctypes.get_errno
        self._prctl, self._syscall = library.prctl, library.syscall
        self._prctl.argtypes = self._syscall.argtypes = [ctypes.c_long] * 5
        self._prctl.restype = self._syscall.restype = ctypes.c_long

    def prctl(self, option: int, value: int, address: int = 0) -> None:
        if self._prctl(option, value, address, 0, 0) != 0:
            raise OSError(self._errno(), f"prctl {option} is refused")

    def syscall(self, number: int, a: int, b: int, c: int = 0, d: int = 0) -> int:
        result: int = self._syscall(number, a, b, c, d)
        if result < 0:
            raise OSError(self._errno(), f"system call {number} is refused")
        return result


@dataclass(slots=True)
class Sandbox:
    """What is in force: a filter for each role, by its address, and a Landlock ruleset, by its
    descriptor. `kept` is what the addresses are of.

    `words` name each mechanism, for papayactl; `lacks` says what is not in force, and why.
    """

    kernel: Kernel | None = None
    programs: dict[str, int] = field(default_factory=dict)
    kept: object = None
    rulesets: dict[str, int] = field(default_factory=dict)
    words: list[str] = field(default_factory=lambda: ["rlimits"])
    lacks: list[str] = field(default_factory=list)

    def in_force(self) -> str:
        """What is in force, a word for each mechanism."""
        return ",".join(self.words)

    def missing(self) -> str:
        """What is not in force, and why; empty when nothing is missing."""
        return "; ".join(self.lacks)

    def enter(self, role: str) -> None:
        """In the process itself; there is no way back. Raises OSError.

        The rulesets close: who could add to one would give more to those who come later.
        """
        if self.kernel is None:
            return
        if role in self.rulesets:
            landlock.restrict(self.kernel.syscall, self.rulesets[role])
        for descriptor in self.rulesets.values():
            close(descriptor)
        if role in self.programs:
            self.kernel.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, self.programs[role])


def prepare(wanted: str, state_dir: Path) -> Sandbox:
    """What can be had of what is wanted; a Fault (69) when all of it is required and is not there.

    Also promises for this process and all that it forks that no right is gained by executing, and
    that nobody but root looks into their memory: the kernel does the latter only when a uid
    changes, and not with every fs.suid_dumpable.
    """
    made = Sandbox()
    if kernel := _kernel(made.lacks):
        made.kernel = kernel
        kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1)
        kernel.prctl(_PR_SET_DUMPABLE, 0)
        made.words.append("undumpable")
        if wanted == "off":
            made.lacks.append('seccomp and Landlock: service.sandbox is "off"')
        else:
            _add("seccomp", lambda: _add_filters(made, kernel), made.lacks)
            _add("Landlock", lambda: _add_rulesets(made, kernel, state_dir), made.lacks)
    if wanted == "required" and made.lacks:
        remedy = 'see SECURITY.md, or set sandbox = "auto"'
        why = f'"required", and not to be had: {made.missing()}'
        raise Fault("service.sandbox", why, remedy, code=UNAVAILABLE)
    return made


def _kernel(lacks: list[str]) -> Kernel | None:
    if sys.platform != "linux":
        lacks.append(f"seccomp, Landlock and being undumpable: {sys.platform} has other means")
        return None
    try:
        return Kernel()
    except (ImportError, MemoryError, OSError) as error:
        lacks.append(f"seccomp, Landlock and being undumpable: no ctypes in this Python ({error})")
        return None


def _add(name: str, half: Callable[[], None], lacks: list[str]) -> None:
    try:
        half()
    except OSError as error:
        lacks.append(f"{name}: {error.strerror}")


def _add_filters(made: Sandbox, kernel: Kernel) -> None:
    """Each program as the kernel takes it (struct sock_fprog), made once for all clusters."""
    import ctypes

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    architecture = syscalls.architecture()
    if not syscalls.is_known(architecture):
        raise OSError(ENOSYS, f"its calls are not known on {architecture}")
    programs = _built(architecture)
    kept = {role: Program(len(code) // 8, code) for role, code in programs.items()}
    addresses = {role: ctypes.addressof(program) for role, program in kept.items()}
    _try(lambda: kernel.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, addresses[RECV]))
    made.programs, made.kept = addresses, kept
    made.words.append("seccomp")


def _built(architecture: str) -> dict[str, bytes]:
    """The filters, made by a child: what the work leaves would lie among what clusters touch."""
    data = bytes(apart(lambda: b"".join(_framed(seccomp.build(architecture)))))
    built = {}
    for role in seccomp.ROLES:
        length = 4 + int.from_bytes(data[:4], "big")
        built[role], data = data[4:length], data[length:]
    return built


def _framed(programs: dict[str, bytes]) -> Iterator[bytes]:
    for program in programs.values():
        yield len(program).to_bytes(4, "big")
        yield program


def _add_rulesets(made: Sandbox, kernel: Kernel, state_dir: Path) -> None:
    abi = landlock.version(kernel.syscall)
    if not abi:
        raise OSError(ENOSYS, "this kernel has none, or was started without it")
    rulesets = {
        role: landlock.ruleset(kernel.syscall, abi, str(state_dir), access, scope)
        for role, (access, scope) in _BELOW.items()
    }
    _try(lambda: landlock.restrict(kernel.syscall, rulesets[RECV]))
    made.rulesets = rulesets
    made.words.append(f"landlock{abi}")


def _try(attempt: Callable[[], None]) -> None:
    """In a child that ends, for there is no way back. Raises OSError.

    Whoever keeps this process may have forbidden a half of it, and every client would end of that.
    """
    child = os.fork()
    if child == 0:
        code = 255
        try:
            attempt()
            code = 0
        except OSError as error:
            code = error.errno or code
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code:
        why = os.strerror(code) if 0 < code < 255 else f"code {code}"
        raise OSError(code, f"it was tried, and is refused ({why})")
