"""Packages for other systems: what they name is there, and they say what the project says."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import papayad
from lab.kit import CHECKOUT

CONTRIB = CHECKOUT / "contrib"

# What Python calls a library and a system does not; each else only has a prefix.
NAMES = {"prompt_toolkit": r"prompt[-_]toolkit", "python-daemon": r"(?:python-)?daemon"}
RECIPES = [
    "rpm/papaya-chat.spec",
    "alpine/APKBUILD",
    "arch/PKGBUILD",
    "freebsd/Makefile",
    "openbsd/Makefile",
    "netbsd/Makefile",
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_it_is_of_this_version(recipe: str) -> None:
    text = (CONTRIB / recipe).read_text()
    found = re.search(
        r"(?:^Version:|^pkgver=|^DISTVERSION=|papaya-chat-)\s*([\d.]+)", text, re.MULTILINE
    )
    assert found is not None
    assert found[1] == papayad.__version__


@pytest.mark.parametrize("recipe", RECIPES)
def test_it_depends_on_what_is_imported(recipe: str) -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    text = (CONTRIB / recipe).read_text()
    wanted = [re.split(r"[ <>=~;\[]", line)[0] for line in project["dependencies"]]
    patterns = {name: rf"[-}}]{NAMES.get(name, name)}\b" for name in wanted}
    assert [name for name, pattern in patterns.items() if not re.search(pattern, text)] == []


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a package of an unknown system has, below usr/."""
    directory = tmp_path_factory.mktemp("stage")
    environment = {"DESTDIR": str(directory), "PREFIX": "/usr", "SYSTEM": "none"}
    subprocess.run(
        ["sh", CHECKOUT / "scripts/install.sh", "stage"], env=os.environ | environment, check=True
    )
    return directory / "usr"


@pytest.mark.parametrize("recipe", ["freebsd/pkg-plist", "openbsd/pkg/PLIST", "netbsd/PLIST"])
def test_a_list_of_files_is_what_is_staged(recipe: str, staged: Path) -> None:
    lines = (CONTRIB / recipe).read_text().splitlines()
    listed = {line.removeprefix("@man ").removesuffix(".gz") for line in lines}
    listed = {line for line in listed if line[0] != "@" and line != "share/papaya/"}
    found = {str(path.relative_to(staged)) for path in staged.rglob("*") if path.is_file()}
    assert listed == {name for name in found if not name.startswith("share/papaya/")}


def test_the_staged_modules_are_all_that_a_program_needs(staged: Path) -> None:
    """All are imported, from there and not from here."""
    code = (
        "import importlib, sys; sys.path[0] = sys.argv[1]\n"
        "for name in sys.argv[2:]: importlib.import_module(name)\n"
    )
    home = staged / "share/papaya"
    modules = [
        ".".join(path.relative_to(home).with_suffix("").parts).removesuffix(".__init__")
        for path in home.rglob("*.py")
        if path.name != "__main__.py"
    ]
    assert len(modules) > 100
    subprocess.run([sys.executable, "-P", "-c", code, home, *modules], check=True, cwd="/")


@pytest.mark.parametrize(("system", "etc"), [("FreeBSD", "/opt/etc"), ("NetBSD", "/etc")])
def test_a_script_calls_what_is_installed(tmp_path: Path, system: str, etc: str) -> None:
    environment = {"DESTDIR": str(tmp_path), "PREFIX": "/opt", "SYSTEM": system, "ETC": etc}
    subprocess.run(
        ["sh", CHECKOUT / "scripts/install.sh", "stage"], env=os.environ | environment, check=True
    )
    (script,) = tmp_path.rglob("rc.d/papayad")
    text = script.read_text()
    assert "%%" not in text
    assert "@" not in text.replace('"$@"', "")
    assert f"each has {etc}/papaya/ROOM.toml" in text
    for command in re.findall(r"^(?:command|papayactl)=(\S+)", text, re.MULTILINE):
        assert (tmp_path / command.lstrip("/")).is_file()


@pytest.mark.parametrize(
    ("recipe", "shell"),
    [
        ("alpine/APKBUILD", "sh"),
        ("alpine/papaya-chat.pre-install", "sh"),
        ("arch/PKGBUILD", "bash"),
        ("arch/papaya-chat.install", "bash"),
    ],
)
def test_a_recipe_is_a_script(recipe: str, shell: str) -> None:
    assert subprocess.run([shell, "-n", CONTRIB / recipe], check=False).returncode == 0
    if shutil.which("shellcheck") and shell == "bash":
        done = subprocess.run(
            ["shellcheck", CONTRIB / recipe], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
