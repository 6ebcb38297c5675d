"""Every library that is imported is declared wherever somebody installs from, and none beside them.

A library that another one brings along is there by luck, until the other no longer needs it.
"""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.test_imports import FILES, MODULES, imported, name_of

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# What is imported: the distribution that has it, and Debian's package of that.
LIBRARIES = {
    "daemon": ("python-daemon", "python3-daemon"),
    "setproctitle": ("setproctitle", "python3-setproctitle"),
    "click": ("click", "python3-click"),
    "psutil": ("psutil", "python3-psutil"),
    "rich": ("rich", "python3-rich"),
    "prompt_toolkit": ("prompt_toolkit", "python3-prompt-toolkit"),
    "wcwidth": ("wcwidth", "python3-wcwidth"),
    "cryptography": ("cryptography", "python3-cryptography"),
    "xdist": ("pytest-xdist", "python3-pytest-xdist"),
}
# The extras with which each is run; see the Makefile.
EXTRAS = {
    "papayad": (),
    "papayactl": (),
    "papayachat": (),
    "lab.bench": ("bench",),
    "lab.fuzz": ("test", "fuzz"),
    "lab.portability": ("test",),
    "lab.screenshot": ("test",),
    "lab.torture": ("test",),
    "tests": ("test", "bench"),
}
# Debian's packages, and the programs that each carries.
PACKAGES = {"papayad": ("papayad", "papayactl"), "papayachat": ("papayachat",)}

SOURCES = {name_of(path): path for path in [*FILES, *(ROOT / "tests").rglob("*.py")]}


def carried(start: str) -> set[str]:
    """The modules of a package, and what they import of the others here."""
    wanted = {name for name in SOURCES if f"{name}.".startswith(f"{start}.")}
    found: set[str] = set()
    while new := wanted - found:
        found |= new
        wanted |= {name for module in new for name in imported(SOURCES[module])} & set(SOURCES)
    return found


def libraries(*starts: str) -> set[str]:
    """What they import of others, by the name that is imported."""
    names = {
        name.split(".")[0]
        for start in starts
        for module in carried(start)
        for name in imported(SOURCES[module])
    }
    ours = {module.split(".")[0] for module in MODULES} | {"tests"}
    return names - ours - set(sys.stdlib_module_names)


def distribution(requirement: str) -> str:
    """The name in a line like "wcwidth >= 0.2.5"."""
    return re.split(r"[ ;<>=!~\[]", requirement)[0]


def declared(*extras: str) -> set[str]:
    lines = [*PROJECT["dependencies"]]
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    return {distribution(line) for line in lines}


def depends(package: str) -> set[str]:
    """What a Debian package depends on of Python's libraries."""
    control = (ROOT / "contrib/debian/control").read_text(encoding="utf-8")
    (stanza,) = (part for part in control.split("\n\n") if f"Package: {package}\n" in part)
    (field,) = re.findall(r"^Depends:((?:.*\n)(?: .*\n)*)", f"{stanza}\n", re.MULTILINE)
    return set(re.findall(r"python3-[a-z0-9-]+", field))


@pytest.mark.parametrize("start", EXTRAS)
def test_every_library_is_declared(start: str) -> None:
    used = {LIBRARIES.get(name, (name,))[0] for name in libraries(start)}
    assert used - declared(*EXTRAS[start]) == set()


def test_every_library_that_is_declared_is_used() -> None:
    used = {LIBRARIES[name][0] for name in libraries("papayad", "papayactl", "papayachat")}
    assert declared() == used


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_depends_on_what_its_programs_import(package: str) -> None:
    assert depends(package) == {LIBRARIES[name][1] for name in libraries(*PACKAGES[package])}


def test_what_make_install_takes_has_a_hash() -> None:
    """For every library, and with a version that is new enough."""
    text = (ROOT / "scripts/requirements.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([\w-]+)==([\d.]+).*\\\n    --hash=sha256:", text, re.MULTILINE))
    for line in PROJECT["dependencies"]:
        name, least = line.split(" >= ")
        assert numbers(pinned[name.replace("_", "-")]) >= numbers(least), name


def numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]
