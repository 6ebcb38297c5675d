"""A clean environment for the daemon: what a process is started with stays in its memory for good.

The environment of whoever starts papayad may have secrets in it (a cloud key in a root shell), and
all clusters would inherit the memory that they are in. To remove a variable does not help: its
bytes stay. So papayad executes itself once, with the few variables that it or its interpreter
needs, and with one more, whose place is for titles: without any environment there would be none.
"""

import os
import sys
from contextlib import suppress

_NEEDED = {
    "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TZDIR",
    "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "NOTIFY_SOCKET", "PAPAYA_CONFIG",
    "OPENSSL_CONF", "OPENSSL_MODULES",
}  # fmt: skip
_NEEDED_BY_LOADERS = ("PYTHON", "LD_", "DYLD_", "MALLOC_", "GLIBC_")
_PLACE = "PAPAYAD_TITLES"
_TITLE = 1024  # bytes


def renew() -> None:
    """Start this program anew without what nobody needs; returns when that was done.

    It also returns where execve(2) is forbidden: then the environment stays what it is.
    """
    if _PLACE in os.environ or not sys.executable:
        return
    clean = {name: value for name, value in os.environ.items() if _is_needed(name)}
    clean[_PLACE] = "." * _TITLE
    with suppress(OSError):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], clean)


def _is_needed(name: str) -> bool:
    return name in _NEEDED or name.startswith(_NEEDED_BY_LOADERS)
