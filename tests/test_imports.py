"""Imports run one way: leaves know nobody, the clients know leaves, the daemon knows little."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("papayad", "papayactl", "papayachat")

LEAVES = {
    "address",
    "bans",
    "config",
    "errors",
    "files",
    "invite",
    "landlock",
    "locks",
    "marks",
    "penalties",
    "proxy_header",
    "record",
    "secrecy",
    "segments",
    "settings",
    "system",
    "table",
    "titles",
    "tokens",
    "wire",
}
# What reads and mends a room's state on disk under its locks, for the daemon and for papayactl: it
# is in none of the daemon's processes more at home than in papayactl (design section 5).
STATE = {
    "appender",
    "committed",
    "groups",
    "pidfile",
    "reader",
    "reaper",
    "retention",
    "roster",
    "stuck",
}
DAEMON_LIBRARIES = {"daemon", "setproctitle"}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """The dotted names that a source imports, anywhere in it; each `from X import Y` as X.Y."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it goes"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def of_papayad(path: Path) -> set[str]:
    """The modules of papayad that a source imports."""
    return {
        name.split(".")[1]
        for name in imported(path)
        if name.startswith("papayad.") and (ROOT / "papayad" / f"{name.split('.')[1]}.py").exists()
    }


def packages_of(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)}


@pytest.mark.parametrize("leaf", sorted(LEAVES))
def test_a_leaf_imports_leaves_only(leaf: str) -> None:
    path = ROOT / "papayad" / f"{leaf}.py"
    assert of_papayad(path) <= LEAVES
    assert packages_of(path) <= sys.stdlib_module_names | {"papayad"}


@pytest.mark.parametrize(
    ("package", "allowed"), [("papayactl", LEAVES | STATE), ("papayachat", LEAVES)]
)
def test_clients_import_no_process_of_the_daemon(package: str, allowed: set[str]) -> None:
    strangers = {path.name: of_papayad(path) - allowed for path in modules(package)}
    assert {name: found for name, found in strangers.items() if found} == {}


@pytest.mark.parametrize(
    ("package", "other"), [("papayactl", "papayachat"), ("papayachat", "papayactl")]
)
def test_clients_do_not_import_each_other(package: str, other: str) -> None:
    assert [path.name for path in modules(package) if other in packages_of(path)] == []


def test_the_daemon_imports_two_libraries() -> None:
    allowed = sys.stdlib_module_names | {"papayad"} | DAEMON_LIBRARIES
    strangers = {path.name: packages_of(path) - allowed for path in modules("papayad")}
    assert {name: found for name, found in strangers.items() if found} == {}


def test_no_module_imports_in_a_circle() -> None:
    """Each module can be read after those that it imports."""
    edges = {path.stem: of_papayad(path) - {path.stem} for path in modules("papayad")}
    while edges:
        done = {name for name, needs in edges.items() if not needs & set(edges)}
        assert done, f"these import each other: {sorted(edges)}"
        edges = {name: needs for name, needs in edges.items() if name not in done}
