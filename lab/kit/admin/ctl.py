"""papayactl in a room of the real daemon, and the kernel's facts read by other programs."""

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from lab.kit.machine import kernel
from lab.kit.room import Peer, Room, wait_for
from papayactl.main import main


@dataclass(frozen=True)
class Result:
    """What a command said, and its exit code: minus the signal, if one ended it."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def is_told(self) -> bool:
        """Whether it failed in words, if it failed, and not with a traceback."""
        return self.exit_code >= 0 and "Traceback" not in self.stderr

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


def run(*words: str, input: str | None = None) -> Result:
    """Run papayactl in a child, with all that this process has imported and patched.

    It needs a process, since root's papayactl forks and becomes another user; a new interpreter
    would take ten times as long.
    """
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as errors,
    ):
        given.write((input or "").encode())
        given.seek(0)
        child = os.fork()
        if child == 0:
            _be_papayactl(words, (given.fileno(), out.fileno(), errors.fileno()))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        errors.seek(0)
        return Result(status, out.read().decode(), errors.read().decode())


def _be_papayactl(words: Sequence[str], streams: Sequence[int]) -> NoReturn:
    code = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        sys.stdin = os.fdopen(0, closefd=False)
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", closefd=False)
        main(list(words))
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - the child never returns into the test runner
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def ctl(room: Room, *words: str, input: str | None = None) -> Result:
    return run("--config", str(room.path), *words, input=input)


def ctl_json(room: Room, *words: str) -> Any:
    result = ctl(room, "--json", *words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def said_by(*command: str) -> str:
    """What an independent program says."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def worker(pid: int) -> int:
    """The process that does the work of a papayactl: root's leaves it to a child."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid


def is_stopped(pid: int) -> bool:
    return "(stopped)" in kernel.fields(pid)["State"]


def is_idle(pid: int) -> bool:
    """SEND waits for a signal."""
    return "sigtimedwait" in Path(f"/proc/{pid}/wchan").read_text()


#: Limits of a room in which `block` may talk fast enough.
TALKATIVE: dict[str, Any] = {
    "limits": {"messages_per_second": 1e6, "message_burst": 1000000, "message_bytes": 65536},
    "chatlog": {"durability": "kernel"},
}


def block(room: Room, user: str, talker: Peer) -> None:
    """Have `talker` say so much that the user's SEND blocks, since nobody reads the user's socket.

    To see it blocked once is not enough: the peer's kernel may make room a moment later.
    """
    send = room.entry(user).send
    number = blocked = 0
    while blocked < 3:
        talker.send(b"MSG m%d " % number + b"x" * 60000 + b"\n")
        talker.read_until(b" m%d " % number)
        talker.stream = b""
        number += 1
        settle(send)
        blocked = 0 if is_idle(send) else blocked + 1


def settle(send: int) -> None:
    """Wait until SEND sleeps in any system call, and neither runs nor lingers."""
    wait_for(lambda: is_idle(send) or Path(f"/proc/{send}/wchan").read_text() in _BLOCKED)


_BLOCKED = {"wait_woken", "sk_stream_wait_memory"}
