"""What every test of papayachat has: a home of its own, a scripted room, the program itself."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

import pytest

from lab.kit import CHECKOUT
from lab.kit.terminal.scripted import SECONDS, ScriptedRoom
from papayachat.disk import profile as profiles
from papayad.formats import invite


class Program:
    """A running papayachat; it is gone when the test is."""

    def __init__(self, *words: str, stdin: int = subprocess.DEVNULL) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "papayachat", *words],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(CHECKOUT), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            text=True,
        )
        self.out = ""
        self.err = ""

    def enter(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def end_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdin = None

    def read_line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def complaint(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline().rstrip("\n")

    def code(self) -> int:
        """Wait for its end; `out` and `err` are what was not read before."""
        self.out, self.err = self.process.communicate(timeout=SECONDS)
        assert "Traceback" not in self.err
        return self.process.returncode

    def __enter__(self) -> "Program":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.communicate()


Chat = Callable[..., Program]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is read or written outside of tmp_path."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    runtime = tmp_path.with_name(f"{tmp_path.name}-runtime")
    runtime.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    return tmp_path


@pytest.fixture
def chat() -> Iterator[Chat]:
    """Starts papayachat: chat("send", "hello")."""
    started: list[Program] = []

    def start(*words: str, stdin: int = subprocess.DEVNULL) -> Program:
        program = Program(*words, stdin=stdin)
        started.append(program)
        return program

    yield start
    for program in started:
        program.__exit__(None, None, None)


@pytest.fixture
def room() -> Iterator[ScriptedRoom]:
    """A room without TLS, joined already."""
    with ScriptedRoom() as scripted:
        profiles.save(profiles.make(invite.parse(scripted.invite), "main", plain=True))
        yield scripted


@pytest.fixture
def outbox(home: Path) -> Path:
    return home / "state" / "papaya" / "outbox"
