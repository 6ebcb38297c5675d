"""Pids come back: nobody is taken for who had the number before (design section 6)."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from lab.kit.admin.ctl import ctl, ctl_json, is_stopped
from lab.kit.machine.pid_namespace import (
    give_next,
    most,
    needs_pid_namespace,
    reap,
    run_in_pid_namespace,
)
from lab.kit.room import Room, is_alive, wait_for
from papayad.state import groups


@needs_pid_namespace
def test_a_room_goes_on_where_pids_begin_anew() -> None:
    run_in_pid_namespace(_clusters_on_both_sides)


def _clusters_on_both_sides() -> None:
    with closing(Room()) as room:
        room.start()
        give_next(most() - 5)
        peers = [room.join(user) for user in ("alice", "bob", "carol", "dave")]
        entries = {user: room.entry(user) for user in ("alice", "bob", "carol", "dave")}
        assert entries["alice"].recv > most() - 6
        assert entries["dave"].send < entries["alice"].recv
        for number, peer in enumerate(peers):
            peer.send(b"MSG m%d hello\n" % number)
            for other in peers:
                other.read_until(b" m%d hello\n" % number)
        os.kill(entries["alice"].send, signal.SIGKILL)
        peers[0].read_to_end()
        peers[3].read_until(b" * - part alice\n")
        assert [one["user"] for one in ctl_json(room, "list")] == ["bob", "carol", "dave"]


@needs_pid_namespace
def test_strangers_have_the_numbers_of_those_who_were_killed() -> None:
    run_in_pid_namespace(_of_a_client)
    run_in_pid_namespace(_of_everybody)


def _of_a_client() -> None:
    """Its acceptor ended before it: its group is a stranger's, too."""
    with closing(Room()) as room:
        room.start()
        first = room.acceptor()
        room.join("alice")
        alice = room.entry("alice")
        room.stop_acceptor()
        room.start()
        bob = room.join("bob")
        with _strangers_instead(first, alice.recv, alice.send):
            assert ctl(room, "kill", "alice").exit_code == 3
            bob.send(b"MSG b1 hello\nWHO\n")
            assert b"! online alice" not in bob.ping()


def _of_everybody() -> None:
    """Nobody could clean up: roster, groups and pid file name all of these numbers still."""
    with closing(Room()) as room:
        room.start()
        acceptor = room.acceptor()
        room.join("alice")
        alice = room.entry("alice")
        with _strangers_instead(acceptor, alice.recv, alice.send):
            assert (groups.directory(room.state_dir) / str(acceptor)).exists()
            assert ctl(room, "acceptor", "stop").exit_code == 0  # there is none
            assert ctl(room, "kill", str(alice.recv)).exit_code == 3
            assert ctl(room, "freeze", "alice").exit_code == 3
            room.start()
            bob = room.join("bob")
            bob.send(b"MSG b1 hello\nWHO\n")
            assert b"! online alice" not in bob.ping()
            assert ctl(room, "kill", "--all", "--yes").exit_code == 0


@contextmanager
def _strangers_instead(*pids: int) -> Iterator[None]:
    """These are killed, and their pids are somebody else's, who notices nothing of the room."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_for(lambda: _all_reaped(pids))
    strangers = [_stranger(pid) for pid in pids]
    yield
    for stranger in strangers:
        assert stranger.poll() is None
        assert not is_stopped(stranger.pid)
        stranger.kill()
        stranger.wait()


def _all_reaped(pids: Sequence[int]) -> bool:
    reap()
    return not any(map(is_alive, pids))


def _stranger(pid: int) -> "subprocess.Popen[bytes]":
    """A process of the same user with this pid, and a process group of that number."""
    give_next(pid)
    stranger = subprocess.Popen(["sleep", "1000"], process_group=0, user="nobody")
    assert stranger.pid == pid
    return stranger
