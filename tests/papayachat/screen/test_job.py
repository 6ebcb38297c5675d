"""The screen as a job of a shell: stopped and continued, from inside and from outside."""

import os
import signal
import sys
from pathlib import Path

import pytest

from lab.kit.terminal.emulator import Emulator
from lab.kit.terminal.scripted import ScriptedRoom
from tests.papayachat.screen.test_screen import opened

# It leaves the terminal as it is for a job that goes on; others put back what the job had.
SHELL = ("/bin/sh", "-i")


def job_of(shell: int) -> int:
    (child,) = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
    return int(child)


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGTSTP, None])
def test_stopped_and_continued(room: ScriptedRoom, how: signal.Signals | None) -> None:
    """None: by Ctrl-Z. The shell has its terminal in between, and then the screen is whole again,
    though the shell has set the terminal to its own ways."""
    with Emulator(program=SHELL, environment={"PS1": "prompt$ "}) as terminal:
        terminal.sees("prompt$")
        terminal.enter(f"{sys.executable} -m papayachat\r")
        peer = opened(room, terminal)
        if how is None:
            terminal.enter("\x1a")
        else:
            os.kill(job_of(terminal.pid), how)
        terminal.sees("Stopped")
        terminal.enter("stty sane; clear; echo $((40 + 2))\n")
        terminal.sees("42")
        terminal.enter("fg\n")
        terminal.sees("2 here: alice bob")
        terminal.enter("bo\t")  # what no terminal hands on before Enter, unless it is asked to
        terminal.sees("alice> bob:")
        terminal.enter("typed\r")
        message = peer.message()
        assert message.text == b"bob: typed"
        peer.accept(message)
        terminal.sees("alice \u2502 bob: typed")
        terminal.enter("/quit\r")
        terminal.sees("prompt$")
        terminal.enter("exit\r")
        assert terminal.wait() == 0
