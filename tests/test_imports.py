"""The folder is the layer: a file imports its own folder and those before it, and nothing else.

The order stands here, once. A new folder takes its place in it; a new file needs nothing.
"""

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

ORDER = {
    "papayad": (
        "errors formats settings config system start state log sandbox net cluster check acceptor"
    ),
    "papayactl": "system cli state look act setup doctor top commands",
    "papayachat": "stream disk room chat script screen commands",
}
# What of papayad the others may take.
TAKEN = {
    "papayactl": "errors formats settings config system start state log",
    "papayachat": "errors formats system",
}
STRANGERS = {
    "papayad": {"papayactl", "papayachat", "lab", "tests"},
    "papayactl": {"papayachat", "lab", "tests"},
    "papayachat": {"papayactl", "lab", "tests"},
    "lab": {"tests"},
}
DAEMON_LIBRARIES = {"daemon", "setproctitle"}

FILES = [path for name in STRANGERS for path in sorted((ROOT / name).rglob("*.py"))]


def name_of(path: Path) -> str:
    """The dotted name of a file; a package's own file bears the package's."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path) for path in FILES}


def imported(path: Path) -> Iterator[str]:
    """What a source imports, anywhere in it: modules where they are ours, else as it is written."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it goes"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else str(node.module)


def layer(module: str, order: str) -> int:
    """The place of a module in the order. Of no folder are the package and its `main`: they are
    before everything (only a version is there) and after everything."""
    parts = module.split(".")
    if len(parts) == 1:
        return -1
    if parts[1] in ("main", "__main__"):
        return len(order.split())
    return order.split().index(parts[1])


def forbidden(path: Path) -> Iterator[str]:
    own = name_of(path)
    package = own.split(".")[0]
    order = ORDER.get(package)
    for name in imported(path):
        other = name.split(".")[0]
        if other in STRANGERS[package]:
            yield name
        elif order and other == package:
            if layer(name, order) > layer(own, order):
                yield name
        elif order and other == "papayad":
            if "." in name and name.split(".")[1] not in TAKEN[package].split():
                yield name
        elif package == "papayad" and other not in DAEMON_LIBRARIES | sys.stdlib_module_names:
            yield name


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_imports_its_own_folder_and_those_before(path: Path) -> None:
    assert list(forbidden(path)) == []


@pytest.mark.parametrize("package", sorted(STRANGERS))
def test_no_module_imports_in_a_circle(package: str) -> None:
    inside = {name for name in MODULES if name.split(".")[0] == package}
    needs = {
        name_of(path): (set(imported(path)) & inside) - {name_of(path), package}
        for path in FILES
        if name_of(path) in inside
    }
    TopologicalSorter(needs).prepare()  # raises CycleError with the circle


@pytest.mark.parametrize("package", [*sorted(STRANGERS), "tests"])
def test_a_folder_is_seen_at_one_glance(package: str) -> None:
    folders = [ROOT / package, *(path for path in (ROOT / package).rglob("*") if path.is_dir())]
    crowded = {
        str(folder.relative_to(ROOT)): len(files)
        for folder in folders
        if folder.name != "commands"
        and len(files := [p for p in folder.glob("*.py") if p.name[:2] != "__"]) > 15
    }
    assert crowded == {}
