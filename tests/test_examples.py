"""The examples of the manual pages, tried as they stand there: what an ordinary user may type.

Only the port is another one. What needs root is tried on a machine: tests/deploy/test_year.py.
"""

import os
import pty
import pwd
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.kit.room import PATIENCE, ROOT, free_port, wait_for
from papayad import config
from tests.test_man import MAN, PAGES, section

CHECKOUT = Path(__file__).parents[1]
JQ = """#!{python}
import json, sys
for line in sys.stdin:
    print(json.loads(line)["text"], flush=True)
"""


def blocks(page: str) -> list[list[str]]:
    """The lines of each literal block of a page's examples, as a reader sees them."""
    found: list[list[str]] = []
    inside = False
    for line in section(page, "EXAMPLES"):
        if line.startswith(".Bd -literal"):
            inside = True
            found.append([])
        elif line == ".Ed":
            inside = False
        elif inside:
            found[-1].append(line.replace(r"\(dq", '"').replace(r"\e", "\\").replace(r"\&", ""))
    return found


def commands(page: str, prompt: str) -> list[str]:
    lines = [line for block in blocks(page) for line in block]
    return [line[2:] for line in lines if line.startswith(f"{prompt} ")]


class Person:
    """Somebody with a home, who has installed the three programs."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="papaya-example-"))
        self.port = free_port()
        self.user = pwd.getpwnam("nobody") if ROOT else pwd.getpwuid(os.getuid())
        self.home.chmod(0o755)
        (self.home / "bin").mkdir()
        for package in ("papayad", "papayactl", "papayachat"):
            shutil.copytree(CHECKOUT / package, self.home / "lib" / package)
            script = (
                f"import sys; sys.argv[0] = '{package}'; from {package}.main import main; main()"
            )
            self._program(package, f'#!/bin/sh\nexec {sys.executable} -c "{script}" "$@"\n')
        if not shutil.which("jq"):
            self._program("jq", JQ.format(python=sys.executable))
        if ROOT:
            shutil.chown(self.home, self.user.pw_uid, self.user.pw_gid)
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{self.home}/bin:{os.environ['PATH']}",
            "PYTHONPATH": f"{self.home}/lib",
            "LANG": "C.UTF-8",
        }

    def types(self, line: str, stdout: int = subprocess.PIPE) -> "subprocess.Popen[str]":
        """A line of an example, in a process group of its own."""
        identity: dict[str, Any] = {}
        if ROOT:
            identity = {"user": self.user.pw_uid, "group": self.user.pw_gid}
        started: subprocess.Popen[str] = subprocess.Popen(
            ["sh", "-c", line.replace("7722", str(self.port))],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.home,
            env=self.environment,
            start_new_session=True,
            **identity,
        )
        return started

    def does(self, line: str, stdin: str = "") -> str:
        with self.types(line) as process:
            out, err = process.communicate(stdin, timeout=PATIENCE)
        assert process.returncode == 0, (line, out, err)
        return out

    def close(self) -> None:
        for line in ("acceptor stop", "kill --all --yes"):
            with self.types(f"papayactl --config ~/room/main.toml {line}") as process:
                process.communicate(timeout=PATIENCE)
        shutil.rmtree(self.home)

    def _program(self, name: str, text: str) -> None:
        path = self.home / "bin" / name
        path.write_text(text)
        path.chmod(0o755)


@pytest.fixture(scope="module")
def person() -> Iterator[Person]:
    somebody = Person()
    if ROOT and somebody.types("papayachat --version").wait(PATIENCE):
        shutil.rmtree(somebody.home)
        pytest.skip("this Python is closed to the user nobody")
    yield somebody
    somebody.close()


@pytest.fixture(scope="module")
def invite(person: Person) -> str:
    """Of the room that the examples of papayad(8) make, and that lets in who speaks no TLS."""
    init, check, start = commands("papayad.8", "$")
    found = re.search(r"papaya://\S+", person.does(init))
    path = person.home / "room/main.toml"
    path.write_text(path.read_text().replace('tls = "required"', 'tls = "optional"'))
    assert "state_dir" in person.does(check)
    person.does(start)
    assert found
    return found[0]


def test_papayachat(person: Person, invite: str) -> None:
    join, chat, send, tail = commands("papayachat.1", "$")
    assert person.does(join, f"{invite}\n").startswith("joined main at ")
    assert "hello from a pipe" in person.does(chat, "hello from a pipe\n/quit\n")
    person.does(send.replace("/srv", "/"))
    terminal, slave = pty.openpty()  # into a pipe jq writes when it has a block
    follow = person.types(tail, slave)
    shown = b""
    try:
        while b"Filesystem " not in shown:
            assert select.select([terminal], [], [], PATIENCE)[0], shown
            shown += os.read(terminal, 4096)
    finally:
        os.killpg(follow.pid, signal.SIGKILL)
        follow.communicate()
        os.close(terminal)
        os.close(slave)


@pytest.mark.skipif(not shutil.which("nc"), reason="needs nc")
def test_the_protocol_by_hand(person: Person, invite: str) -> None:
    (line,) = commands("papaya-protocol.7", "$")
    token = invite.split(":")[2].partition("@")[0]
    (log,) = (person.home / "room").rglob("*.log")
    by_hand = person.types(f"TOKEN={token}; {line}")
    try:
        assert by_hand.stdout
        assert by_hand.stdout.readline().startswith("+ PAPAYA/1 ")
        wait_for(lambda: " alice - hello\n" in log.read_text())
    finally:
        os.killpg(by_hand.pid, signal.SIGKILL)
        by_hand.communicate()


def test_the_configuration(tmp_path: Path) -> None:
    for number, block in enumerate(blocks("papayad.toml.5")):
        path = tmp_path / f"room{number}.toml"
        path.write_text("\n".join(block) + "\n")
        assert tomllib.loads(path.read_text())
        config.load(path, "main")


def test_every_example_is_one_that_is_tried() -> None:
    """A page's blocks are lines with a prompt, or TOML; papayactl(8)'s are for root."""
    tried = {"papayad.8", "papayactl.8", "papayachat.1", "papaya-protocol.7", "papayad.toml.5"}
    assert {page.name for page in PAGES} == tried
    for page in PAGES:
        lines = [line for block in blocks(page.name) for line in block]
        prompts = [line for line in lines if line.startswith(("$ ", "# "))]
        assert prompts == lines or page.name == "papayad.toml.5"
    assert commands("papayactl.8", "$") == []
    assert MAN.is_dir()
