"""The completions that packages ship are papayactl's: each asks the program itself."""

import os
import subprocess
import sys

import pytest

from lab.kit import CHECKOUT

DIRECTORY = CHECKOUT / "contrib/completions"
FILES = {"bash": "bash/papayactl", "zsh": "zsh/_papayactl", "fish": "fish/papayactl.fish"}


@pytest.mark.parametrize("shell", sorted(FILES))
def test_a_completion_asks_papayactl(shell: str) -> None:
    script = (DIRECTORY / FILES[shell]).read_text(encoding="utf-8")
    assert f"_PAPAYACTL_COMPLETE={shell}_complete" in script


def test_the_answer_names_commands() -> None:
    question = {"COMP_WORDS": "papayactl ", "COMP_CWORD": "1"}
    asked = {**os.environ, **question, "_PAPAYACTL_COMPLETE": "bash_complete"}
    command = [sys.executable, "-c", "from papayactl.main import main; main(prog_name='papayactl')"]
    done = subprocess.run(command, env=asked, capture_output=True, text=True, check=False)
    assert "plain,list" in done.stdout.split(), done.stderr
