"""Driving a load generator: a process that joins clients, takes commands, and answers in JSON."""

import json
import subprocess
import sys
from typing import Any

from lab.bench.server import Failed
from lab.bench.tools import TLS, Missing, Workshop
from lab.kit import CHECKOUT

_PATIENCE = 200.0


def compiled(workshop: Workshop, tls: bool) -> str | None:
    """generator.c as a program; None where it cannot be compiled: then generator.py is used."""
    try:
        return workshop.c("generator.c", *([TLS] if tls else []))
    except Missing:
        return None


def command(workshop: Workshop, tls: bool) -> list[str]:
    program = compiled(workshop, tls)
    return [program] if program else [sys.executable, "-m", "lab.bench.generator"]


class Generator:
    """All clients of a room. `joined` is the generator's answer when all have joined."""

    def __init__(self, command: list[str], protocol: str, port: int, clients: int, senders: int,
                 parallel: int = 16, token: str = "x") -> None:  # fmt: skip
        options = [protocol, *map(str, (port, clients, senders, parallel)), token]
        self._process = subprocess.Popen(
            [*command, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            start_new_session=True,
            cwd=CHECKOUT,
        )
        self.joined = self._answer()

    def __enter__(self) -> "Generator":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, line: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            words = self._process.communicate()[1].strip()[-500:]
            raise Failed(words or "the generator ended without a word")
        answer: dict[str, Any] = json.loads(line)
        return answer
