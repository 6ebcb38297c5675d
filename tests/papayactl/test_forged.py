"""What a client's process that was taken over writes down is not believed (design section 7).

Every command meets a roster entry, a group, a planned shutdown and a pid file that name a
stranger's process, with their locks held. The stranger is root's, and then of the service's user.
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.kit import forger
from lab.kit.admin.ctl import Result, ctl, ctl_json, is_stopped
from lab.kit.room import ROOT, SERVICE, is_alive
from papayad.formats.harmless import harmless
from tests.conftest import MakeRoom

COMMANDS = (
    ("list",),
    ("show", "--all"),
    ("show", forger.USER),
    ("usage",),
    ("top", "--batch", "-n", "1"),
    ("status",),
    ("metrics",),
    ("doctor",),
    ("token", "list"),
    ("freeze", forger.USER),
    ("freeze", "--all", "--yes"),
    ("thaw", "--all"),
    ("kill", forger.USER),
    ("kill", "192.0.2.1"),
    ("kill", "--all", "--yes"),
    ("wall", "hello"),
    ("ban", forger.USER),
    ("ban", "192.0.2.0/24"),
    ("token", "revoke", forger.USER),
    ("log", "prune", "--keep-bytes", "1", "--yes"),
    ("shutdown", "--abort"),
    ("shutdown", "--in", "1h"),
    ("shutdown", "--abort"),
    ("shutdown",),
    ("acceptor", "stop"),
)


DEAF = ["/bin/sh", "-c", "trap '' USR1; exec sleep 1000"]


@pytest.fixture(params=["root", "service"])
def victim(request: pytest.FixtureRequest) -> Iterator[int]:
    """A process in a group of its own, which dies of any signal of the room's."""
    with stranger(request.param, ["sleep", "1000"]) as pid:
        yield pid


@pytest.fixture(params=["root", "service"])
def deaf_victim(request: pytest.FixtureRequest) -> Iterator[int]:
    """The same; the service's is one that RECV's announcements do no harm.

    To a process of its own user RECV could do any harm, with or without a forged group.
    """
    command = DEAF if request.param == "service" else ["sleep", "1000"]
    with stranger(request.param, command) as pid:
        yield pid


@contextmanager
def stranger(whose: str, command: list[str]) -> Iterator[int]:
    with subprocess.Popen(
        command, process_group=0, **(SERVICE if whose == "service" else {})
    ) as process:
        yield process.pid
        process.kill()


def is_unharmed(pid: int) -> bool:
    return is_alive(pid) and not is_stopped(pid)


def check(result: Result, words: tuple[str, ...], victim: int) -> None:
    assert result.is_told, (words, result.output)
    assert is_unharmed(victim), (words, result.output)
    assert harmless(result.output.replace("\n", "")).isprintable()


@pytest.mark.skipif(not ROOT, reason="root acts for the service's user")
def test_no_command_touches_a_stranger(make_room: MakeRoom, deaf_victim: int) -> None:
    room, victim = make_room(), deaf_victim
    room.token(forger.USER)
    alice = room.join("alice")
    room.entry("alice")
    with forger.forging(room, victim):
        for words in COMMANDS:
            if words == ("freeze", "--all", "--yes"):
                assert [one["user"] for one in ctl_json(room, "list")] == ["alice"]
            check(ctl(room, *words), words, victim)
            if not is_alive(room.acceptor() or 0) and words[0] != "acceptor":
                room.start()
                alice = room.join("alice")
                room.entry("alice")
    alice.close()


def test_the_entry_is_told_of_once(make_room: MakeRoom, victim: int) -> None:
    room = make_room()
    with forger.forging(room, victim):
        result = ctl(room, "usage")
        assert result.stderr.count("are no client's: ignored") == 1
        assert f"processes {victim} and {victim}" in result.stderr


def test_a_pid_file_names_nobody(make_room: MakeRoom, victim: int) -> None:
    """No acceptor runs, and the file's lock is held by somebody who wrote another's number."""
    room = make_room(start=False)
    room.start()
    room.stop_acceptor()
    with forger.forging(room, victim):
        for words in (("acceptor", "status"), ("acceptor", "stop"), ("acceptor", "reload")):
            check(
                ctl(room, *words, "--timeout", "0.1s")
                if words[1] != "status"
                else ctl(room, *words),
                words,
                victim,
            )


def test_an_abort_does_not_wait_for_ever(make_room: MakeRoom, victim: int) -> None:
    room = make_room()
    with forger.forging(room, victim):
        assert ctl(room, "shutdown", "--abort").exit_code == 3
        assert ctl_json(room, "status")["shutdown"] is None


def test_wall_still_reaches_everybody(make_room: MakeRoom, victim: int) -> None:
    """Of this acceptor and of the one before."""
    room = make_room()
    alice = room.join("alice")
    room.stop_acceptor(signal.SIGKILL)
    room.start()
    bob = room.join("bob")
    with forger.forging(room, victim):
        assert ctl(room, "wall", "hello").exit_code == 0
        for peer in (alice, bob):
            peer.read_until(b"* - notice hello\n")
        assert is_unharmed(victim)
    assert os.getpgid(victim) == victim
