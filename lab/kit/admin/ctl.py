"""papayactl in a room of the real daemon, and the kernel's facts read by other programs."""

import inspect
import json
import subprocess
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from lab.kit.machine import kernel
from lab.kit.room import Peer, Room, wait_for
from papayactl.main import main


def runner() -> CliRunner:
    """A runner of commands in this process that keeps stderr apart from stdout.

    click 8.2 always does that, and 8.1 does it when it is asked to.
    """
    known = inspect.signature(CliRunner).parameters
    apart: dict[str, Any] = {"mix_stderr": False} if "mix_stderr" in known else {}
    return CliRunner(**apart)


def ctl(room: Room, *words: str, input: str | None = None) -> Result:
    return runner().invoke(main, ["--config", str(room.path), *words], input=input)


def ctl_json(room: Room, *words: str) -> Any:
    result = ctl(room, "--json", *words)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def said_by(*command: str) -> str:
    """What an independent program says."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


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
