"""The manual pages say what the code does, no less and no more: read from both and compared."""

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest

import papayachat.main
import papayactl.main
from papayachat.disk import settings
from papayachat.screen.slash import table
from papayachat.stream.splitter import Line
from papayachat.stream.terminal import as_json
from papayad import config, errors
from papayad.formats.record import Record
from papayad.main import parse_options
from papayad.settings import SECTIONS
from tests.papayactl.schemas import OUTCOME, SCHEMAS

ROOT = Path(__file__).parent.parent
MAN = ROOT / "man"
PAGES = sorted(MAN.glob("*.[1578]"))

GROUPS = {
    "papayactl.8": papayactl.main.main,
    "papayachat.1": next(
        value for value in vars(papayachat.main).values() if isinstance(value, click.Group)
    ),
}
# Understood by each command of papayactl, and told of once.
EVERYWHERE = {"papayactl.8": {"--json", "--help", "-h"}, "papayachat.1": {"--help"}}
PROGRAMS = {"papayad.8": "papayad", "papayactl.8": "papayactl", "papayachat.1": "papayachat"}


def section(page: str, name: str) -> list[str]:
    """The lines of a section, and of those below it."""
    lines = (MAN / page).read_text(encoding="utf-8").splitlines()
    start = lines.index(f".Sh {name}") + 1
    rest = lines[start:]
    end = next((place for place, line in enumerate(rest) if line.startswith(".Sh ")), len(rest))
    return rest[:end]


def flags(item: str) -> set[str]:
    """The options of a `.It Fl -all , y Ar x` line."""
    words = item.removeprefix(".It Fl ").split()
    names = set()
    expected = True
    for word in words:
        if word == ",":
            expected = True
        elif expected:
            names.add(f"-{word}")
            expected = False
    return names


def commands_of(page: str) -> dict[str, set[str]]:
    """The options of each command, as the page's section COMMANDS says."""
    found: dict[str, set[str]] = {}
    depth, command = 0, ""
    for line in section(page, "COMMANDS"):
        depth += line.startswith(".Bl") - line.startswith(".El")
        if line.startswith(".It Cm ") and depth == 1:
            words = line.removeprefix(".It Cm ").split()
            stop = next((i for i, w in enumerate(words) if w in ("Ar", "Oo", "Op", "Cm")), None)
            command = " ".join(words[:stop])
            found[command] = set()
        elif line.startswith(".It Fl ") and depth == 2:
            found[command] |= flags(line)
    return found


def commands_in(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, set[str]]]:
    """The options of each command, as the code says."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        if isinstance(command, click.Group):
            yield from commands_in(command, (*path, name))
        does = not isinstance(command, click.Group) or command.invoke_without_command
        if does and not command.hidden:
            yield " ".join((*path, name)), options_of(command)


def options_of(command: click.Command) -> set[str]:
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    return {name for one in options for name in (*one.opts, *one.secondary_opts)}


@pytest.mark.parametrize("page", sorted(GROUPS))
def test_commands_and_their_options(page: str) -> None:
    known = dict(commands_in(GROUPS[page]))
    told = commands_of(page)
    # What changes something takes --reason, which stands in a section of its own.
    everywhere = EVERYWHERE[page] | {"--reason"}
    assert set(told) ^ set(known) == set()
    wrong = {name: (told[name] ^ known[name]) - everywhere for name in known}
    assert {name: options for name, options in wrong.items() if options} == {}


@pytest.mark.parametrize("page", sorted(GROUPS))
def test_options_of_the_program(page: str) -> None:
    told: set[str] = set()
    for line in section(page, "DESCRIPTION"):
        told |= flags(line) if line.startswith(".It Fl ") else set()
    known = options_of(GROUPS[page]) | EVERYWHERE[page]
    assert told ^ known == set()


def test_options_of_papayad(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["papayad", "--help"])
    with pytest.raises(SystemExit):
        parse_options()
    known = set(re.findall(r"(?<![\w-])--?[a-z]+", capsys.readouterr().out.partition("usage")[2]))
    told: set[str] = set()
    for line in section("papayad.8", "DESCRIPTION"):
        told |= flags(line) if line.startswith(".It Fl ") else set()
    assert told ^ known == set()


def test_keys_of_the_configuration_and_their_defaults() -> None:
    told: dict[str, str] = {}
    heading = ""
    for line in section("papayad.toml.5", "DESCRIPTION"):
        if line.startswith(".Ss "):
            heading = line.removeprefix(".Ss ")
        elif item := re.match(r"\.It Va (\S+) Li = (.*)", line):
            told[f"{heading}.{item[1]}"] = item[2].replace(r"\(dq", '"')
    room = config.render(config.defaults("main", Path("/etc/papaya/main.toml")))
    values = dict(re.findall(r"^(\w+) = (.*?)  # ", room, re.MULTILINE))
    known = {
        f"{name}.{key.name}": values[key.name]
        for name, kind in SECTIONS.items()
        for key in fields(kind)
    }
    assert told == known


@pytest.mark.parametrize("page", sorted(PROGRAMS))
def test_exit_codes(page: str) -> None:
    """Each code that a source of the program names; 0, 1 and 2 are everybody's.

    papayactl starts papayad, and ends with its code.
    """
    items = [line for line in section(page, "EXIT STATUS") if line.startswith(".It ")]
    told = {int(line.split()[1]) for line in items}
    codes = {
        name: value
        for name, value in vars(errors).items()
        if name.isupper() and isinstance(value, int)
    }
    packages = [PROGRAMS[page]] + ["papayad"] * (page == "papayactl.8")
    sources = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    named = {name for path in sources for name in _names(path)}
    named |= {"NO_PERMISSION"} if "denied_or" in named else set()
    extra = {130} if "INTERRUPTED" in named else set()
    assert told == {0, 1, 2} | {codes[name] for name in named & set(codes)} | extra


def _names(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    yield from (name.id for name in names if isinstance(name.ctx, ast.Load))


def test_what_is_typed_in_papayachat() -> None:
    lines = section("papayachat.1", "DESCRIPTION")
    told = {word for line in lines if line.startswith(".It Li /") for word in line.split()}
    told = {word.lstrip("/") for word in told if word.startswith("/")} - {""}
    assert told ^ (set(table.COMMANDS) | set(table.ALIASES)) == set()


def test_settings_of_papayachat() -> None:
    text = "\n".join(section("papayachat.1", "DESCRIPTION"))
    told = dict(re.findall(r"^\.It Va (\S+) Li = (.*)", text, re.MULTILINE))
    known = {name: default or r"\(dq\(dq" for name, (default, _, _) in settings.KNOWN.items()}
    assert told == known


def told_keys() -> dict[str, dict[str, set[str]]]:
    """Of each command of papayactl: its JSON keys, with the keys below each."""
    told: dict[str, dict[str, set[str]]] = {}
    here: list[dict[str, set[str]]] = []
    last, below = "", False
    for line in section("papayactl.8", "JSON"):
        macro, _, rest = line.partition(" ")
        keys = [word for word in rest.removeprefix("Va ").split() if word != ","]
        if macro == ".It":
            here = [told.setdefault(name, {}) for name in rest.removeprefix("Cm ").split(" , ")]
        elif macro in (".Po", ".Pc"):
            below = macro == ".Po"
        elif line.startswith((".Va ", ".Pq Va ")):
            for known in here:
                if below or macro == ".Pq":
                    known[last] = known[last] | set(keys)
                else:
                    known.update((key, set()) for key in keys)
            last = last if below or macro == ".Pq" else keys[-1]
    return told


def known_keys() -> dict[str, dict[str, set[str]]]:
    """The same from the shapes that tests of each command hold it to."""
    known: dict[str, dict[str, set[str]]] = {}
    for command, _, schema in SCHEMAS:
        shape = shape_of(next(iter(schema.values())) if command == "metrics" else schema)
        keys = {key: set(shape_of(value)) for key, value in shape.items()}
        known.setdefault(command, {}).update(keys)
    return {command: keys for command, keys in known.items() if keys}


def shape_of(schema: Any) -> dict[str, Any]:
    """The keys of an object, or of the objects in a list; none of anything else."""
    while isinstance(schema, list):
        schema = schema[0]
    shape: dict[str, Any] = schema if isinstance(schema, dict) else {}
    return shape


def test_keys_of_json() -> None:
    """Both ways. What became of a client is told of once, with kill."""
    told, known = told_keys(), known_keys()
    for command, keys in known.items():
        for key, below in keys.items():
            if below == set(OUTCOME):
                assert not told[command][key], (command, key)
                keys[key] = set()
    assert told == known


def test_every_command_has_its_keys_told() -> None:
    """But those that print a list of names, as JSON as without."""
    commands = {name for name, _ in commands_in(papayactl.main.main)}
    assert commands == {command for command, _, _ in SCHEMAS}


def test_keys_of_json_in_papayachat() -> None:
    items = [line for line in section("papayachat.1", "JSON") if line.startswith(".It Va ")]
    record = Record("2026-11-22T21:53:01.123456Z", "alice", "k3x9", "hello")
    shown = json.loads(as_json(Line(0, b""), record))
    assert [item.removeprefix(".It Va ") for item in items] == list(shown)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_mandoc_finds_nothing(page: Path) -> None:
    if not shutil.which("mandoc"):
        pytest.skip("no mandoc here")
    done = subprocess.run(
        ["mandoc", "-T", "lint", page], capture_output=True, text=True, check=False
    )
    # Whether another page is installed says something about the machine only.
    elsewhere = ("referenced manual not found", "outdated mandoc.db")
    lines = (done.stdout + done.stderr).splitlines()
    assert [line for line in lines if not any(words in line for words in elsewhere)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_examples(page: Path) -> None:
    assert section(page.name, "EXAMPLES")
