"""What a cluster's process gives up for good, by role: system calls and files (SECURITY.md).

Prepared by the acceptor at start, entered by RECV, SEND and the reaper when they have what they
need. Linux only; elsewhere, and where kernel or library lack a mechanism, "auto" goes without it
and "required" refuses to start. The acceptor itself is in no sandbox: it reads certificates anew.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from papayad import filters, landlock, titles
from papayad.errors import UNAVAILABLE, Fault

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_READ = landlock.READ_FILE | landlock.READ_DIR
_CHANGE = landlock.WRITE_FILE | landlock.REMOVE_FILE | landlock.MAKE_REG | landlock.TRUNCATE
_PROC = Path("/proc")  # for the state of a process that holds the log's lock


class Kernel:
    """System calls that Python has no functions for. Raises ImportError, MemoryError or OSError."""

    def __init__(self) -> None:
        import ctypes

        library = ctypes.CDLL(None, use_errno=True)
        word = ctypes.c_ulong
        self._errno = ctypes.get_errno
        self._prctl = library.prctl
        self._prctl.argtypes = [ctypes.c_int, word, ctypes.c_void_p, word, word]
        self._syscall = library.syscall
        self._syscall.argtypes = [ctypes.c_long, ctypes.c_void_p, word, word, word]
        self._syscall4 = library["syscall"]
        self._syscall4.argtypes = [ctypes.c_long, word, word, ctypes.c_void_p, word]
        self._syscall.restype = self._syscall4.restype = ctypes.c_long

    def prctl(self, option: int, value: int, structure: Any = None) -> None:
        if self._prctl(option, value, structure, 0, 0) != 0:
            raise OSError(self._errno(), f"prctl {option} is refused")

    def syscall(self, number: int, *arguments: Any) -> int:
        """Up to four arguments; a structure is the third of four, else the first."""
        if len(arguments) == 4:
            result = int(self._syscall4(number, *arguments))
        else:
            result = int(self._syscall(number, *(*arguments, 0, 0, 0, 0)[:4]))
        if result < 0:
            raise OSError(self._errno(), f"system call {number} is refused")
        return result


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What is in force: a filter for each role, and Landlock's version; 0 is without."""

    kernel: Kernel | None
    programs: dict[str, Any]
    landlock: int

    def words(self) -> str:
        """For papayactl: what is in force, a word for each mechanism."""
        known = {"seccomp": bool(self.programs), "landlock": self.landlock > 0}
        return ",".join(word for word, on in known.items() if on) or "none"

    def enter(self, role: str, state_dir: Path) -> None:
        """In the process itself; there is no way back. Raises OSError."""
        if self.kernel is None:
            return
        if self.landlock > 0:
            access = _READ if role == titles.SEND else _READ | _CHANGE
            allowed = [(state_dir, access), (_PROC, landlock.READ_FILE)]
            landlock.restrict(self.kernel.syscall, self.landlock, allowed)
        if role in self.programs:
            self.kernel.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, self.programs[role])


NONE = Sandbox(None, {}, 0)


def prepare(wanted: str, *, hidden: bool = False) -> Sandbox:
    """What can be had of what is wanted; a Fault (69) when all of it is required and is not there.

    Also promises for this process and all that it forks that no right is gained by executing, and
    if `hidden` that nobody but root looks into their memory. The kernel does the latter when a uid
    changes, but not with every fs.suid_dumpable.
    """
    try:
        kernel = Kernel() if sys.platform == "linux" else None
    except (ImportError, MemoryError, OSError):
        kernel = None
    if kernel:
        kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1)
        if hidden:
            kernel.prctl(_PR_SET_DUMPABLE, 0)
    if wanted == "off" or kernel is None:
        if wanted == "required":
            raise _missing("this system, or its Python, cannot make one")
        return NONE
    sandbox = Sandbox(kernel, _loadable(filters.build()), landlock.version(kernel.syscall))
    if wanted == "required" and not sandbox.programs:
        raise _missing("libseccomp's Python bindings are not there")
    if wanted == "required" and not sandbox.landlock:
        raise _missing("this kernel has no Landlock")
    return sandbox


def _loadable(programs: dict[str, bytes]) -> dict[str, Any]:
    """Each program as the kernel takes it (struct sock_fprog), made once for all clusters."""
    import ctypes

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    return {role: ctypes.byref(Program(len(code) // 8, code)) for role, code in programs.items()}


def _missing(why: str) -> Fault:
    remedy = 'install python3-seccomp, or set sandbox = "auto"'
    return Fault("service.sandbox", f'"required", and {why}', remedy, code=UNAVAILABLE)
