"""Completion in a real bash, with the living clients; and the scripts for zsh and fish."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lab.kit import CHECKOUT
from lab.kit.admin.staged import StagedRoom
from lab.kit.terminal.tmux import Terminal
from papayad.state import tokens


@pytest.fixture
def script(room: StagedRoom, tmp_path: Path) -> Path:
    """What bash is to source: papayactl of this checkout, and its completion."""
    program = tmp_path / "papayactl"
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH={CHECKOUT} exec {sys.executable} -m papayactl "$@"\n'
    )
    program.chmod(0o755)
    source = room.ctl("completion", "bash").stdout
    file = tmp_path / "completion.sh"
    file.write_text(f"PATH={tmp_path}:$PATH PAPAYA_CONFIG={room.settings.path}\n")
    file.write_text(file.read_text() + f"export PAPAYA_CONFIG\n{source}")
    return file


def offered(script: Path, *words: str) -> list[str]:
    """What bash is offered for the last word."""
    quoted = " ".join(f"'{word}'" for word in ("papayactl", *words))
    code = f"source {script}; COMP_WORDS=({quoted}); COMP_CWORD={len(words)}; "
    code += '_papayactl_completion papayactl; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")


def test_commands_and_options(script: Path) -> None:
    assert offered(script, "st") == ["status"]
    assert offered(script, "log", "ver") == ["verify"]
    assert "--columns" in offered(script, "list", "--")


def test_living_clients_and_users(room: StagedRoom, script: Path) -> None:
    alice = room.client("alice")
    room.client("albert", "203.0.113.9:4000")
    assert offered(script, "kill", "al") == ["albert", "alice"]
    assert offered(script, "freeze", "alice", "albert@") == ["albert@203.0.113.9:4000"]
    assert str(alice.recv) in offered(script, "show", str(alice.recv)[:2])
    assert offered(script, "list", "--sort", "la") == ["lag"]
    room.ctl("kill", "alice")
    assert offered(script, "kill", "al") == ["albert"]


def test_who_is_muted(room: StagedRoom, script: Path) -> None:
    for user in ("alice", "albert"):
        room.ctl("token", "add", user)
    room.ctl("mute", "alice")
    assert offered(script, "unmute", "al") == ["alice"]
    assert offered(script, "mute", "al") == ["albert", "alice"]


def test_users_of_the_token_file(room: StagedRoom, script: Path) -> None:
    id = room.ctl_json("token", "add", "zoe")["id"]
    assert offered(script, "token", "revoke", "z") == ["zoe"]
    assert id in offered(script, "token", "rotate", id[:4])
    assert offered(script, "freeze", "--user", "zo") == ["zoe"]
    assert tokens.read_tokens(room.settings.tokens)


def test_nothing_is_offered_without_a_room(script: Path) -> None:
    assert offered(script, "--config", "/nonexistent/main.toml", "kill", "a") == []


@pytest.mark.skipif(not shutil.which("tmux"), reason="needs tmux")
def test_tab_in_a_terminal(room: StagedRoom, script: Path, tmp_path: Path) -> None:
    room.client("alexandra")
    terminal = Terminal(str(tmp_path / "tmux"), 80, 24, f"bash --noprofile --rcfile {script} -i")
    try:
        terminal.press("papayactl kill ale", "Tab")
        terminal.shows("kill alexandra")
    finally:
        terminal.end()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(room: StagedRoom, shell: str) -> None:
    source = room.ctl("completion", shell).stdout
    assert "_PAPAYACTL_COMPLETE" in source
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=source, text=True, check=True)
