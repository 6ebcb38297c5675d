"""What a cluster's process gives up for good, by role: system calls and files (SECURITY.md).

Prepared by the acceptor at start, entered by RECV, SEND and the reaper when they have what they
need. Linux only; elsewhere, and where kernel or library lack a mechanism, "auto" goes without it
and "required" refuses to start. The acceptor itself is in no sandbox: it reads certificates anew.
"""

import sys
from dataclasses import dataclass

from papayad.errors import UNAVAILABLE, Fault
from papayad.formats.titles import SEND
from papayad.sandbox import landlock, seccomp
from papayad.sandbox.landlock import READ_FILE, Ruleset

_PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 4, 22, 38
_SECCOMP_MODE_FILTER = 2
_READ = landlock.READ_FILE | landlock.READ_DIR
_CHANGE = landlock.WRITE_FILE | landlock.REMOVE_FILE | landlock.MAKE_REG | landlock.TRUNCATE
_PROC = "/proc"  # for the state of a process that holds the log's lock


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


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What is in force: a filter for each role, by its address, and Landlock; None is without.

    `kept` is what the addresses are of.
    """

    kernel: Kernel | None
    programs: dict[str, int]
    kept: object
    ruleset: Ruleset | None

    def words(self) -> str:
        """For papayactl: what is in force, a word for each mechanism."""
        known = {"seccomp": bool(self.programs), "landlock": self.ruleset is not None}
        return ",".join(word for word, on in known.items() if on) or "none"

    def enter(self, role: str, state_dir: str) -> None:
        """In the process itself; there is no way back. Raises OSError."""
        if self.kernel is None:
            return
        if self.ruleset is not None:
            access = _READ if role == SEND else _READ | _CHANGE
            self.ruleset.restrict(self.kernel.syscall, ((state_dir, access), (_PROC, READ_FILE)))
        if role in self.programs:
            self.kernel.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, self.programs[role])


NONE = Sandbox(None, {}, None, None)


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
    programs, kept = _loadable(seccomp.build())
    abi = landlock.version(kernel.syscall)
    sandbox = Sandbox(kernel, programs, kept, Ruleset(abi) if abi else None)
    if wanted == "required" and not sandbox.programs:
        raise _missing("libseccomp's Python bindings are not there")
    if wanted == "required" and not sandbox.ruleset:
        raise _missing("this kernel has no Landlock")
    return sandbox


def _loadable(programs: dict[str, bytes]) -> tuple[dict[str, int], object]:
    """Each program as the kernel takes it (struct sock_fprog), made once for all clusters."""
    import ctypes

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]

    made = {role: Program(len(code) // 8, code) for role, code in programs.items()}
    return {role: ctypes.addressof(program) for role, program in made.items()}, made


def _missing(why: str) -> Fault:
    remedy = 'install python3-seccomp, or set sandbox = "auto"'
    return Fault("service.sandbox", f'"required", and {why}', remedy, code=UNAVAILABLE)
