"""The Pythons that papayad is measured on: this machine's, and Debian 13's in a root of its own.

Only the daemon runs in the root. It shares the network, the process table and /tmp with the
machine, so that clients, measurement and comparison are the same for both.
"""

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from lab.bench.tools import Missing
from lab.kit.machine import roots

CHECKOUT = Path(__file__).parents[2]
_PACKAGES = "python3-seccomp"
# Runs a command in a mount namespace that ends with its last process: ROOT CHECKOUT COMMAND...
_ENTER = """
root=$1 checkout=$2
shift 2
mount --make-rprivate /
for shared in proc sys dev tmp; do mount --rbind "/$shared" "$root/$shared"; done
mount --bind "$checkout" "$root/mnt"
exec chroot "$root" env PYTHONPATH=/mnt "$@"
"""

Interpreter = Callable[[], list[str]]  # what a command begins with; raises Missing


def here() -> list[str]:
    return [sys.executable]


@cache
def debian_13() -> list[str]:
    """The interpreter of Debian 13; its root is made once, in some minutes, for all checkouts."""
    if _system() == ("debian", "13"):
        raise Missing("this machine's own Python is it")
    if Path(tempfile.gettempdir()).parts[:2] != ("/", "tmp"):
        raise Missing(
            f"rooms are in {tempfile.gettempdir()}, and only /tmp is seen in another root"
        )
    if why := roots.obstacle():
        raise Missing(f"no root of Debian 13: {why}")
    try:
        root = roots.root("trixie", _PACKAGES)
    except RuntimeError as error:
        raise Missing(f"no root of Debian 13: {error}") from error
    return [
        "unshare", "--mount", "sh", "-euc", _ENTER, "sh", str(root), str(CHECKOUT),
        "/usr/bin/python3",
    ]  # fmt: skip


def _system() -> tuple[str, str]:
    try:
        told = platform.freedesktop_os_release()
    except OSError:
        return "", ""
    return told.get("ID", ""), told.get("VERSION_ID", "")


def version(interpreter: Interpreter) -> str:
    """The version that the interpreter prints; empty where there is none."""
    try:
        command = [*interpreter(), "-c", "import platform; print(platform.python_version())"]
    except Missing:
        return ""
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    return done.stdout.strip()
