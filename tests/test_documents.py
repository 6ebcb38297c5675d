"""What one file says of another is so: every section, path, module and link that is named is there.

A reader follows these words, and a file that moves takes none of them along.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from papayad import config
from tests.test_imports import ORDER
from tests.test_project import ROOT, tracked

_FOLDERS = "papayad|papayactl|papayachat|lab|tests|scripts|contrib|docs|man"
PATH = re.compile(rf"(?<![\w./$@}}-])(?:{_FOLDERS})/[\w./*@-]*\w/?")
FILE = re.compile(r"(?<![\w./*$}-])(?:[a-z]\w*/)*(?:[A-Za-z]\w*\.md|[a-z_]\w*\.py)\b")
MODULE = re.compile(r"(?<![\w./-])(?:papayad|papayactl|papayachat|lab|tests)(?:\.[a-z]\w*)+")
SECTION = re.compile(r"(?<![\w.])(?:(\w+) )?sections? (\d+(?:(?:, | and |, and )\d+)*)\b(?!\.\d)")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")

# What looks like a module and is a file's name: papayad.toml(5), papayad.service.
_SUFFIXES = {"toml", "service", "socket", "pid", "ops"}
# What a test writes, or speaks of, for as long as it runs.
_MADE_BY_TESTS = {"sitecustomize.py", "tests/test_a.py", "test_a", "test_b"}
# Texts of others.
_FOREIGN = {"LICENSE", "copyright"}


def texts() -> list[Path]:
    """Every file of the repository that somebody reads."""
    return [path for path in tracked() if path.name not in _FOREIGN and path.suffix != ".svg"]


def named(pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    """Every place that names something, and what."""
    for path in texts():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for match in pattern.finditer(line):
                yield f"{path.relative_to(ROOT)}:{number}: {match[0]}", match


@cache
def ends() -> set[str]:
    """How a file of the repository may be named: its path, or the end of it."""
    parts = [path.relative_to(ROOT).parts for path in tracked()]
    return {"/".join(one[start:]) for one in parts for start in range(len(one))}


def is_module(dotted: str) -> bool:
    """Whether a name leads through folders to a file; what follows is the file's own."""
    package, *parts = dotted.split(".")
    place = ROOT / package
    for part in parts:
        if (place / f"{part}.py").is_file():
            return True
        if not (place / part).is_dir():
            return False
        place /= part
    return True


def slug(heading: str) -> str:
    """The anchor that a heading gets where Markdown is shown."""
    plain = re.sub(r"[^\w\- ]", "", heading.lower())
    return plain.strip().replace(" ", "-")


def headings(document: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)


def test_every_path_that_is_named_is_there() -> None:
    lost = [
        where
        for where, match in named(PATH)
        if match[0] not in _MADE_BY_TESTS and not any(ROOT.glob(match[0].rstrip("/")))
    ]
    assert lost == []


def test_every_file_that_is_named_is_there() -> None:
    lost = [where for where, match in named(FILE) if match[0] not in ends() | _MADE_BY_TESTS]
    assert lost == []


def test_every_module_that_is_named_is_there() -> None:
    lost = [
        where
        for where, match in named(MODULE)
        if match[0].split(".")[1] not in _SUFFIXES | _MADE_BY_TESTS and not is_module(match[0])
    ]
    assert lost == []


def test_every_section_is_one_of_the_design() -> None:
    """By its whole name but in the design itself: a page of somebody else has sections, too."""
    there = {heading.partition(".")[0] for heading in headings(ROOT / "docs/design.md")}
    lost = [
        where
        for where, match in named(SECTION)
        if not (match[1] == "design" or where.startswith("docs/design.md:"))
        or not set(re.findall(r"\d+", match[2])) <= there
    ]
    assert lost == []


def test_the_floor_plans_have_every_folder_in_its_order() -> None:
    design, architecture = (
        (ROOT / "docs" / page).read_text(encoding="utf-8")
        for page in ("design.md", "architecture.md")
    )
    layers = [name for name in ORDER["papayad"].split() if (ROOT / "papayad" / name).is_dir()]
    assert re.findall(r"^      (\w+)/ ", design, re.MULTILINE) == layers
    assert re.findall(r"^\| (?:`\w+`, )*`(\w+)/`", architecture, re.MULTILINE) == layers
    for package in ("papayactl", "papayachat"):
        assert f"    {package + '/':<12} {ORDER[package]}\n" in design


def test_the_design_has_every_key_and_its_default() -> None:
    (block,) = re.findall(
        r"```toml\n(.*?)```", (ROOT / "docs/design.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert tomllib.loads(block) == config.as_dict(config.defaults("main", ROOT / "main.toml"))


def test_every_link_leads_somewhere() -> None:
    lost = []
    for path in (path for path in texts() if path.suffix == ".md"):
        for target, anchor in LINK.findall(path.read_text(encoding="utf-8")):
            there = (path.parent / target).resolve() if target else path
            if not there.exists() or (anchor and anchor not in map(slug, headings(there))):
                lost.append(f"{path.relative_to(ROOT)}: {target}#{anchor}")
    assert lost == []
