"""The completions that packages ship: each asks the program itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lab.kit import CHECKOUT

DIRECTORY = CHECKOUT / "contrib/completions"
FILES = {"bash": "bash/{}", "zsh": "zsh/_{}", "fish": "fish/{}.fish"}
MAINS = {
    "papayactl": "from papayactl.main import main; main(prog_name='papayactl')",
    "papayachat": "from papayachat.main import main; main()",
}


@pytest.mark.parametrize("shell", sorted(FILES))
@pytest.mark.parametrize("program", sorted(MAINS))
def test_a_completion_asks_the_program(program: str, shell: str) -> None:
    script = (DIRECTORY / FILES[shell].format(program)).read_text(encoding="utf-8")
    assert f"_{program.upper()}_COMPLETE={shell}_complete" in script


def answer(program: str, words: str, number: int, home: Path) -> list[str]:
    question = {"COMP_WORDS": words, "COMP_CWORD": str(number), "XDG_CONFIG_HOME": str(home)}
    asked = {**os.environ, **question, f"_{program.upper()}_COMPLETE": "bash_complete"}
    command = [sys.executable, "-c", MAINS[program]]
    done = subprocess.run(command, env=asked, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.stdout.split()


def test_the_answer_names_commands(tmp_path: Path) -> None:
    assert "plain,list" in answer("papayactl", "papayactl ", 1, tmp_path)
    assert {"plain,join", "plain,tail"} <= set(answer("papayachat", "papayachat ", 1, tmp_path))
    assert "plain,--since" in answer("papayachat", "papayachat tail --", 2, tmp_path)


def test_the_answer_names_profiles(tmp_path: Path) -> None:
    (tmp_path / "papaya").mkdir()
    (tmp_path / "papaya" / "friends.toml").touch()
    assert answer("papayachat", "papayachat -p ", 2, tmp_path) == ["plain,friends"]
    assert answer("papayachat", "papayachat profiles forget f", 3, tmp_path) == ["plain,friends"]
