"""The command line as a whole: help, errors as one line, exit codes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from lab.kit.admin import ctl
from papayactl import commands


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "papayactl", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)


def test_help_names_every_command() -> None:
    result = ctl.run("--help")
    for command in Path(*commands.__path__).glob("[a-z]*.py"):
        if "_" in command.stem:  # a part of another one
            continue
        assert re.search(rf"\n  {command.stem} +[A-Z].*\.\n", result.output)


def test_help_imports_click_and_nothing_else_of_others() -> None:
    """That makes it quick: psutil, rich or cryptography would cost several times all the rest."""
    code = (
        "import sys; before = set(sys.modules)\n"
        "from papayactl.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "names = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(names - sys.stdlib_module_names))\n"
        "print(*sorted(names & {'asyncio', 'ssl', 'subprocess', 'unittest'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    others, heavy = done.stdout.splitlines()[-2:]
    assert set(others.split()) == {"click", "papayactl", "papayad"}
    assert heavy == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--nonsense"], 2),
        (["nonsense"], 2),
        (["kill", "--timeout", "soon", "alice"], 2),
        (["--room", "No Name", "list"], 2),
        (["--config", "/nonexistent/main.toml", "list"], 78),
    ],
)
def test_a_users_mistake_is_one_line(words: list[str], code: int) -> None:
    done = run(*words)
    assert done.returncode == code
    assert done.stdout == ""
    assert done.stderr.startswith("papayactl: ")
    assert done.stderr.count("\n") == 1
    assert done.stderr.count(": ") >= 2


def test_no_command_shows_the_help() -> None:
    done = run()
    assert done.returncode == 2
    assert "Commands:" in done.stdout + done.stderr


def test_version() -> None:
    assert run("--version").stdout.startswith("papayactl 0.")
