"""A room of files and of stand-ins for papayad's processes, to list and end without a daemon."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.kit import CHECKOUT
from lab.kit.admin.ctl import Result, run
from lab.kit.room import PATIENCE, SERVICE
from papayad.settings import Settings
from papayad.state import roster

STAND_IN = Path(__file__).with_name("stand_in.py")


@dataclass
class Client:
    """A cluster's stand-in: its two pids, and their parent, by which a test ends them."""

    recv: int
    send: int
    holder: subprocess.Popen[str]


class StagedRoom:
    """A prepared room; `ctl` runs papayactl in it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.children: list[subprocess.Popen[str]] = []

    def ctl(self, *words: str, input: str | None = None) -> Result:
        options = ["--config", str(self.settings.path), "--room", self.settings.room]
        return run(*options, *words, input=input)

    def ctl_json(self, *words: str) -> Any:
        result = self.ctl("--json", *words)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def client(
        self, user: str, peer: str = "203.0.113.7:51234", token: str = "", stubborn: bool = False
    ) -> Client:
        state_dir = str(self.settings.state_dir)
        holder = self._start("cluster", state_dir, user, peer, token, stubborn=stubborn)
        assert holder.stdout
        recv, send = map(int, holder.stdout.readline().split())
        return Client(recv, send, holder)

    def acceptor(self, stubborn: bool = False) -> subprocess.Popen[str]:
        address = self.settings.listen.addresses[0]
        process = self._start("acceptor", str(self.settings.pid_file), address, stubborn=stubborn)
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        return process

    def roster(self) -> list[str]:
        return os.listdir(roster.directory(self.settings.state_dir))

    def log(self) -> str:
        return (self.settings.state_dir / f"{0:020d}.log").read_text()

    def end(self) -> None:
        for child in self.children:
            child.kill()
            child.communicate(timeout=PATIENCE)

    def _start(self, *words: str, stubborn: bool) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(STAND_IN), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            **SERVICE,
            env=os.environ
            | {"PYTHONPATH": str(CHECKOUT)}
            | ({"STUBBORN": "1"} if stubborn else {}),
        )
        self.children.append(process)
        return process
