"""A clean environment for the daemon: what a process is started with stays in its memory.

The environment of papayad's starter may contain secrets (a cloud key in a root shell), and all
clusters would inherit that memory. To remove a variable does not help, since its bytes stay. So
papayad executes itself once, with the few variables that it or its interpreter needs. One more
variable makes room for titles, which need a place in the environment.
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
    """Start this program anew with few variables; return if that has been done already.

    It also returns if execve(2) is forbidden: then the environment stays as it is.
    """
    if _PLACE in os.environ or not sys.executable:
        return
    clean = {name: value for name, value in os.environ.items() if _is_needed(name)}
    clean[_PLACE] = "." * _TITLE
    with suppress(OSError):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], clean)


def _is_needed(name: str) -> bool:
    return name in _NEEDED or name.startswith(_NEEDED_BY_LOADERS)
