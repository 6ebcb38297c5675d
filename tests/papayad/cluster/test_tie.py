"""The two ties, each in a process of its own: one of them kills the process that it ties."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab.kit import CHECKOUT

PROCESS = """
import os, signal, socket, sys
from papayad.cluster import tie

ours, its = tie.pair()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
tied = getattr(tie, sys.argv[1])(ours)
out, into = socket.socketpair()
file = os.open(sys.argv[2], os.O_RDONLY)
"""

MOVES = """
sent = [tied.send_file(out.fileno(), file, None, most) for most in (4, 100, 100)]
assert sent == [4, 9, 0], sent
assert os.lseek(file, 0, os.SEEK_CUR) == 13
assert tied.read(into.fileno(), 100) == b"one two three"
assert tied.write(into.fileno(), b"four") == 4
"""

WAITS = """
os.kill(os.getpid(), signal.SIGUSR1)
assert tied.wait_for((int(signal.SIGUSR1),)) == signal.SIGUSR1
"""

END = "os._exit(0)  # before what is closed at the end kills\n"

ENDS = """
os.close(its)
tied.read(into.fileno(), 1)
"""


@pytest.fixture(params=["Signalled", "Polled"])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "Signalled" and sys.platform != "linux":
        pytest.skip("only Linux kills by itself")
    return str(request.param)


def run(kind: str, directory: Path, script: str) -> int:
    (directory / "log").write_bytes(b"one two three")
    words = [sys.executable, "-c", PROCESS + script + END, kind, str(directory / "log")]
    return subprocess.run(words, cwd=CHECKOUT, timeout=60, check=False).returncode


def test_a_file_is_sent_from_its_position_which_moves(tmp_path: Path, kind: str) -> None:
    assert run(kind, tmp_path, MOVES) == 0


def test_a_signal_that_came_before_the_wait_is_taken(tmp_path: Path, kind: str) -> None:
    assert run(kind, tmp_path, WAITS) == 0


def test_a_read_that_blocks_ends_with_the_other(tmp_path: Path, kind: str) -> None:
    assert run(kind, tmp_path, ENDS) == -signal.SIGKILL
