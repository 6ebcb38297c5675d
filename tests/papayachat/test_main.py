"""The command line itself: help, version, and what is not imported for them."""

import subprocess
import sys

from lab.kit import CHECKOUT
from lab.kit.terminal.scripted import ScriptedRoom
from papayad import __version__
from papayad.errors import USAGE
from tests.papayachat.conftest import Chat


def test_help_names_every_command(chat: Chat) -> None:
    program = chat("--help")
    assert program.code() == 0
    assert all(f"\n  {name} " in program.out for name in ("join", "send", "tail"))


def test_version(chat: Chat) -> None:
    program = chat("--version")
    assert (program.code(), program.out) == (0, f"papayachat {__version__}\n")


def test_an_unknown_command_is_usage(chat: Chat) -> None:
    assert chat("dance").code() == USAGE


def test_help_does_not_import_what_it_does_not_need() -> None:
    code = (
        "import sys; sys.argv[1:] = ['--help']\n"
        "from papayachat.main import main\n"
        "try: main()\n"
        "finally: sys.stderr.write(' '.join({'ssl', 'prompt_toolkit', 'rich'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr == ""


def test_closed_streams_lead_nowhere(room: ScriptedRoom) -> None:
    """A socket must never become stdout."""
    room.commit("one")
    command = f"exec {sys.executable} -m papayachat tail <&- >&- 2>&-"
    process = subprocess.Popen(["/bin/sh", "-c", command], cwd=CHECKOUT)
    peer = room.greeted()
    assert peer.left()
    assert process.wait(20) == 0
