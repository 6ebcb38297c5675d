"""What holds for the repository as a whole: its files, its metadata, its scripts."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import papayad

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# What Debian 12 has, package by package.
LOWER_BOUNDS = {
    "python-daemon": "2.3.2",
    "setproctitle": "1.3.1",
    "click": "8.1.3",
    "psutil": "5.9.4",
    "rich": "13.3",
    "prompt_toolkit": "3.0.36",
    "wcwidth": "0.2.5",
    "cryptography": "38",
}

# Controls but TAB and LF, and what overrides the direction of text: a reviewer has to see it all.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")

# Where somebody's checkout, home or package mirror is says nothing to anybody else.
MACHINE = re.compile(r"/(?:home|Users|work)/\w|/root/\w|py[p]i\.|python[h]osted|deb\.[d]ebian")


def tracked() -> list[Path]:
    """Every file of the repository."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    names = subprocess.run(
        [git, "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    paths = [ROOT / name for name in names.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()!r}"
        for path in tracked()
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if pattern.search(line)
    ]


def test_every_character_of_the_sources_is_seen() -> None:
    assert lines_with(UNSEEN) == []


def test_no_file_names_the_machine_that_it_was_written_on() -> None:
    assert lines_with(MACHINE) == []


def test_every_file_ends_in_a_newline() -> None:
    unended = [path for path in tracked() if path.read_bytes()[-1:] not in (b"", b"\n")]
    assert unended == []


def test_the_lower_bounds_are_what_debian_12_has() -> None:
    bounds = dict(line.split(" >= ") for line in PROJECT["dependencies"])
    assert bounds == LOWER_BOUNDS
    assert PROJECT["requires-python"] == ">= 3.11"


def test_the_programs_are_three() -> None:
    assert PROJECT["scripts"] == {
        name: f"{name}.main:main" for name in ("papayad", "papayactl", "papayachat")
    }


def test_every_package_is_installed() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = declared["tool"]["setuptools"]["packages"]["find"]["include"]
    for name in ("papayad", "papayactl", "papayachat"):
        assert f"{name}*" in patterns
        folders = {path.parent for path in (ROOT / name).rglob("*.py")}
        assert [path for path in folders if not (path / "__init__.py").exists()] == []


def test_the_version_is_in_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)
    assert papayad.__version__ == (versions[0] if versions else "0.1.0")


def test_every_target_has_a_line_of_help() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = set(re.findall(r"'make (\S+) ", makefile))
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    assert targets - told == {"help", "venv", "venv-test", "venv-bench"}
    assert told <= targets
