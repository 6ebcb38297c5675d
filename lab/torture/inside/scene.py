"""One room with an attacker in it, the others who are in reach, and what became of them."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from lab.kit import inside
from lab.kit.inside import MALLORY
from lab.kit.machine import memory
from lab.kit.room import ROOT, Peer, Room, become_service, is_alive, wait_for
from lab.torture.chaos import aftermath
from lab.torture.inside import witness
from lab.torture.inside.attacker import LAST
from lab.torture.inside.witness import DONE
from papayad.state import groups, tokens

Outcomes = dict[str, str]

HELLO = "memory: the hello of somebody before"  # where nothing has used that memory again
GOES_ON = "the room: goes on around it"
_ATTACK_TAKES = 25.0  # seconds at most
_MARK = "inside-out-a-key-of-roots-shell"
_ATTACK = """
from lab.torture.inside import attacker, attempts, place, witness
attempts.unlisted({role!r})
facts, seen = place.Facts(**{facts!r}), witness.Witness({path!r})
"""


class Scene:
    """`before` runs in the daemon before all else; `role` is that of the attacker's process."""

    def __init__(self, stack: ExitStack, before: str, role: str, is_alone: bool) -> None:
        self._room = stack.enter_context(closing(Room("optional")))
        self._victims = [stack.enter_context(_victim(is_root)) for is_root in (True, False)]
        self._listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        self._role, self._has_landlock = role, not before
        self._seen = self._room.directory / "seen"
        witness.prepare(self._seen)
        facts = self._facts() | {"is_alone": is_alone}
        more = before + _ATTACK.format(role=role, facts=facts, path=str(self._seen))
        what = f"attacker.attack({role!r}, client, shared, facts, seen)"
        inside.have(self._room, role, what, more)

    def play(self) -> Outcomes:
        """The outcome of each attempt. AssertionError: nothing could be tried."""
        os.environ["PAPAYA_A_KEY"] = _MARK
        self._room.start()
        del os.environ["PAPAYA_A_KEY"]
        alice, acceptor = self._room.join("alice"), self._room.acceptor()
        alice.ping()
        self._assert_confined()
        mallory = self._room.join(MALLORY)
        outcomes: Outcomes = {}
        try:
            wait_for(lambda: LAST in witness.read(self._seen), _ATTACK_TAKES)
            self._assert_that_it_goes_on(alice, mallory, acceptor)
            outcomes = self._remembered()
            mallory.close()
            alice.close()
            wait_for(lambda: not self._room.entries())
            aftermath.judge_log(self._room, [])
            outcomes[GOES_ON] = DONE
        except AssertionError as error:
            outcomes[GOES_ON] = str(error).partition("\n")[0] or "no"
        return witness.read(self._seen) | outcomes

    def _facts(self) -> dict[str, Any]:
        service, listen = self._room.settings.service, self._room.settings.listen
        root, stranger = self._victims
        files = {
            "the tokens": service.tokens, "the key": listen.private_key,
            "the configuration": str(self._room.path), "/etc/passwd": "/etc/passwd",
            "/etc/shadow": "/etc/shadow",
        }  # fmt: skip
        port = self._listener.getsockname()[1]
        return {"port": port, "root": root, "stranger": stranger, "files": files}

    def _assert_confined(self) -> None:
        """Without a cage the attacker would do all that he tries."""
        room = self._room
        words = groups.sandbox_of(groups.directory(room.state_dir), room.acceptor())
        assert "seccomp" in words, "this machine has no seccomp for us: nothing was tried"
        assert "landlock" in words or not self._has_landlock, "this machine has no Landlock"

    def _assert_that_it_goes_on(self, alice: Peer, mallory: Peer, acceptor: int) -> None:
        mallory.ping()
        alice.send(b"MSG a1 still here\n")
        mallory.read_until(b" alice a1 still here\n")
        assert self._room.acceptor() == acceptor, "the acceptor was ended"
        users = {entry.user for entry in self._room.entries()}
        assert users == {"alice", MALLORY}, f"in the roster are {users}"
        assert all(map(is_alive, self._victims)), "a stranger's process was ended"
        self._listener.setblocking(False)
        try:
            self._listener.accept()[0].close()
        except BlockingIOError:
            return
        raise AssertionError("another service was reached")

    def _remembered(self) -> Outcomes:
        """What is in the memory of the attacker's process; root looks."""
        if not ROOT:
            return {}
        pid = getattr(self._room.entry(MALLORY), self._role)
        secrets = {
            "the starter's environment": _MARK.encode(),
            HELLO.partition(": ")[2]: self._room.token("alice").encode(),
            "its digest": tokens.digest(self._room.token("alice")).encode(),
            "its digest as bytes": bytes.fromhex(tokens.digest(self._room.token("alice"))),
            "the private key": memory.key_forms(Path(self._room.settings.listen.private_key))[0],
        }
        return {
            f"memory: {name}": DONE if memory.has_in_memory(pid, secret) else "ENOENT"
            for name, secret in secrets.items()
        }


@contextmanager
def _victim(is_root: bool) -> Iterator[int]:
    """A process of somebody's in a group of its own, whom any signal ends."""
    become = become_service if ROOT and not is_root else None
    null = subprocess.DEVNULL
    process = subprocess.Popen(
        ["sleep", "1000"], stdin=null, stdout=null, stderr=null,
        process_group=0, preexec_fn=become,
    )  # fmt: skip
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()
