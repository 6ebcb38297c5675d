"""Exit codes and the one exception that a user may see (design section 2).

A leaf, shared by all three programs. A `Fault` is a mistake or a condition that a person can mend:
it is printed as one line and never as a traceback. Every other exception that gets out is a bug.
"""

import os
import sys
from collections.abc import Callable
from typing import NoReturn

DONE = 0
FAILED = 1
USAGE = 2
NOT_RUNNING = 3  # LSB status: program is not running
UNAVAILABLE = os.EX_UNAVAILABLE  # 69
TRY_AGAIN = os.EX_TEMPFAIL  # 75
NO_PERMISSION = os.EX_NOPERM  # 77
CONFIGURATION = os.EX_CONFIG  # 78


class Fault(Exception):
    """What failed, why, and what to do about it; `code` is the exit code of the program."""

    def __init__(self, what: str, why: str, remedy: str = "", *, code: int = FAILED) -> None:
        super().__init__(what, why, remedy)
        self.what = what
        self.why = why
        self.remedy = remedy
        self.code = code

    def __str__(self) -> str:
        return ": ".join(part for part in (self.what, self.why, self.remedy) if part)


def reason(error: OSError) -> str:
    """The words of an errno without its number and file name ("Permission denied")."""
    return error.strerror or str(error)


def denied_or(error: OSError, otherwise: int) -> int:
    """The exit code of a failed system call: 77 where a right is missing, else `otherwise`."""
    return NO_PERMISSION if isinstance(error, PermissionError) else otherwise


def exit_with(program: str, fault: Fault, printed: Callable[[str], str]) -> NoReturn:
    """Print the fault as one line on stderr and end the program with its code.

    `printed` makes it fit to be seen (formats/harmless): what failed may have a hostile name.
    """
    line = printed(f"{program}: {fault}".replace("\n", " "))
    print(line, file=sys.stderr, flush=True)
    sys.exit(fault.code)
