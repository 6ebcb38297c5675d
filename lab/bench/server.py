"""Programs under measurement: started, found in the process table, ended (their own group only)."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from lab.bench.measure import clocks
from lab.kit.room import free_port

_PATIENCE = 20.0


class Failed(Exception):
    """A server did not start, or a generator gave up; its last words are the message."""


class Server:
    """A command in a process group of its own. `{port}` and `{dir}` in it are filled in."""

    def __init__(
        self, command: list[str], core: int | None = None, output: int | None = None
    ) -> None:
        self.port = free_port()
        self._directory = tempfile.TemporaryDirectory(prefix="papaya-bench-")
        self.directory = Path(self._directory.name)
        self._command = command
        self._core = core
        self._output = subprocess.DEVNULL if output is None else output

    def __enter__(self) -> "Server":
        os.chmod(self.directory, 0o755)
        filled = [part.format(port=self.port, dir=self.directory) for part in self._command]
        with (self.directory / "stderr").open("w") as errors:
            self._process = subprocess.Popen(
                filled,
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=errors,
                start_new_session=True,
                preexec_fn=None if self._core is None else self._pin,
            )
        self._wait_until_it_listens()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._directory.cleanup()

    def end(self) -> None:
        """End the whole group; return when its first process has ended."""
        for signum in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signum)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(1.0 if signum == signal.SIGTERM else _PATIENCE)
        with suppress(ProcessLookupError):  # for those that ignored SIGTERM and outlived the leader
            os.killpg(self._process.pid, signal.SIGKILL)

    def pids(self) -> list[int]:
        return clocks.members({self._process.pid})

    def _pin(self) -> None:
        assert self._core is not None
        os.sched_setaffinity(0, {self._core})

    def _wait_until_it_listens(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            if is_listening(self.port):
                return
            time.sleep(0.02)
        words = (self.directory / "stderr").read_text()[-500:].strip()
        self.end()
        raise Failed(f"{self._command[0]} did not start: {words}")


def is_listening(port: int) -> bool:
    """Whether somebody listens on the port; it makes no connection, which would be a client."""
    wanted = f":{port:04X}"
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        if Path(path).exists():
            lines = Path(path).read_text().splitlines()[1:]
            if any(f[1].endswith(wanted) and f[3] == "0A" for f in map(str.split, lines)):
                return True
    if not Path("/proc/net/tcp").exists():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0
    return False
