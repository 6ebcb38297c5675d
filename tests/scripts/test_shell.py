"""Every shell script of the repository: its own shell can read it, and shellcheck is quiet."""

import shutil
import subprocess
from pathlib import Path

import pytest

from lab.kit import CHECKOUT

#: What the first line of a script names, and which dialect that is.
DIALECTS = {"sh": "sh", "bash": "bash", "ksh": "ksh", "openrc-run": "sh"}


def dialect(path: Path) -> str:
    """Empty for what is no shell script."""
    with path.open("rb") as file:
        first = file.readline().decode("utf-8", "replace").split()
    if not first or not first[0].startswith("#!"):
        return ""
    return DIALECTS.get(first[-1].removeprefix("#!").rpartition("/")[2], "")


FILES = [
    path
    for directory in (".ci", "contrib", "lab", "scripts")
    for path in sorted((CHECKOUT / directory).rglob("*"))
    if path.is_file() and dialect(path)
]


def name_of(path: Path) -> str:
    return str(path.relative_to(CHECKOUT))


def test_the_scripts_are_found() -> None:
    found = {name_of(path) for path in FILES}
    assert found > {
        ".ci/run",
        "scripts/deb.sh",
        "contrib/openrc/papayad",
        "contrib/openbsd/pkg/papayad.rc",
    }


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_its_shell_can_read_it(path: Path) -> None:
    shell = shutil.which(dialect(path))
    if not shell:
        pytest.skip(f"no {dialect(path)} here")
    done = subprocess.run([shell, "-n", path], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_shellcheck_is_quiet(path: Path) -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("no shellcheck here")
    # Where rc.subr is, what it reads, and that flags are words is known to it and not here.
    allowed = "SC1091,SC2034,SC2086" if "bsd" in str(path.parent) else "SC1091"
    done = subprocess.run(
        ["shellcheck", f"--shell={dialect(path)}", f"--exclude={allowed}", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


STARTED = [CHECKOUT / ".ci/run", *sorted((CHECKOUT / "scripts").glob("*.sh"))]


@pytest.mark.parametrize("path", STARTED, ids=name_of)
def test_it_can_be_started(path: Path) -> None:
    assert path.stat().st_mode & 0o111
