"""Roots to boot: a minimal Debian with what the packages depend on, made once and kept.

They are outside of the checkout, in ${XDG_CACHE_HOME:-~/.cache}/papaya/roots. A machine boots a
root under an overlay and does not change it, so it can be used until this recipe changes.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

TOOLS = ("debootstrap", "systemd-nspawn", "nsenter")
BASE = "systemd,systemd-sysv,dbus,iproute2,procps"
PACKAGES = (
    "python3 python3-daemon python3-setproctitle python3-click python3-psutil python3-rich "
    "python3-prompt-toolkit python3-cryptography python3-wcwidth fail2ban"
)
FINISH = "systemctl disable fail2ban; apt-get clean"


def obstacle() -> str:
    """Why no machine can be booted here, or an empty string."""
    if not sys.platform.startswith("linux"):
        return "machines are booted on Linux only"
    if os.geteuid() != 0:
        return "only root boots machines"
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    return f"missing: {', '.join(missing)} (apt install systemd-container)" if missing else ""


def root(suite: str, more: str = "", architecture: str = "", name: str = "") -> Path:
    """The root of a release, with `more` packages; if it is not there, it is made in some minutes.

    `name` distinguishes it from other roots of the release, if the packages make too long a name.
    """
    recipe = f"{BASE} {PACKAGES} {FINISH}"
    first = f"{suite}-{architecture}" if architecture else suite
    if not more:
        return _kept(first, recipe, lambda path: _make(suite, architecture, path))
    base = root(suite, architecture=architecture)
    return _kept(
        f"{first}-{name or more}", f"{recipe} {more}", lambda path: _extend(base, more, path)
    )


def _kept(name: str, recipe: str, make: Callable[[Path], None]) -> Path:
    directory = cache() / "roots"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    with (directory / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            part = directory / f"{name}.part"
            shutil.rmtree(part, ignore_errors=True)
            make(part)
            part.rename(path)
    return path


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "papaya"


def _make(suite: str, architecture: str, path: Path) -> None:
    how = [f"--arch={architecture}"] if architecture else []
    _run(["debootstrap", "--variant=minbase", f"--include={BASE}", *how, suite, str(path)])
    _install(PACKAGES, path)


def _extend(base: Path, packages: str, path: Path) -> None:
    _run(["cp", "--archive", "--reflink=auto", str(base), str(path)])
    _install(packages, path)


def _install(packages: str, path: Path) -> None:
    install = f"apt-get -qq -y --no-install-recommends install {packages}"
    _run(["chroot", str(path), "sh", "-ec", f"{install}; {FINISH}"])


def _run(command: list[str]) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-2000:]}")
