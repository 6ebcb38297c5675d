"""`kill`: exactly the clients that are meant, and what became of them."""

import os
import signal

import pytest

from lab.kit.admin.staged import StagedRoom
from lab.kit.room import PATIENCE, wait_for
from papayactl.look import living
from papayactl.system import pinned, process
from papayad.state import roster


def is_stopped(pid: int) -> bool:
    seen = process.read(pid)
    return seen is not None and seen.state == process.STOPPED


def test_one_is_asked_and_ends(room: StagedRoom) -> None:
    alice, bob = room.client("alice"), room.client("bob")
    (outcome,) = room.ctl_json("kill", "alice")
    assert (outcome["recv"], outcome["ended"], outcome["signal"]) == (alice.recv, True, "SIGTERM")
    assert outcome["seconds"] < 2
    assert process.read(bob.recv) is not None
    assert [one["user"] for one in room.ctl_json("list")] == ["bob"]


def test_the_room_is_told(room: StagedRoom) -> None:
    room.client("alice")
    room.ctl("kill", "alice")
    assert room.log().endswith(" * - part alice\n")
    assert room.roster() == []


def test_by_either_pid(room: StagedRoom) -> None:
    for role in ("recv", "send"):
        client = room.client("alice")
        assert room.ctl("kill", str(getattr(client, role))).exit_code == 0
        assert room.ctl_json("list") == []


def test_who_ignores_sigterm_is_killed_after_the_timeout(room: StagedRoom) -> None:
    room.client("alice", stubborn=True)
    (outcome,) = room.ctl_json("kill", "alice", "--timeout", "0.2")
    assert (outcome["ended"], outcome["signal"]) == (True, "SIGKILL")
    assert 0.2 <= outcome["seconds"] < 2


@pytest.mark.parametrize("role", ["recv", "send"])
def test_a_stopped_one_is_killed_at_once(room: StagedRoom, role: str) -> None:
    client = room.client("alice")
    os.kill(getattr(client, role), signal.SIGSTOP)
    wait_for(lambda: is_stopped(getattr(client, role)))
    (outcome,) = room.ctl_json("kill", "alice")
    assert (outcome["ended"], outcome["signal"]) == (True, "SIGKILL")
    assert outcome["seconds"] < 1


def test_nobody_is_meant(room: StagedRoom) -> None:
    room.client("alice")
    assert room.ctl("kill", "bob").exit_code == 3
    assert room.ctl("kill").exit_code == 2
    assert room.ctl("kill", "--all", "alice").exit_code == 2
    assert len(room.ctl_json("list")) == 1


def test_several_are_asked_about(room: StagedRoom) -> None:
    room.client("alice")
    room.client("bob")
    refused = room.ctl("kill", "--all")
    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
    assert len(room.ctl_json("list")) == 2
    assert room.ctl("kill", "--all", "--yes").exit_code == 0
    assert room.ctl_json("list") == []


def test_a_process_outside_the_group_is_no_member(room: StagedRoom) -> None:
    """A pid that was given to somebody else: its lock is held, its group is another."""
    room.client("alice")
    (entry,) = living.living(room.settings)
    assert os.getpgrp() != entry.group
    assert not living.send_signal(room.settings, entry, os.getpid(), signal.SIGKILL)


def test_an_entry_that_changed_is_another_cluster(room: StagedRoom) -> None:
    room.client("alice")
    (entry,) = living.living(room.settings)
    other = roster.Entry(**{name: getattr(entry, name) for name in entry.__slots__} | {"since": 1})
    assert not living.send_signal(room.settings, other, entry.recv, signal.SIGKILL)
    assert len(room.ctl_json("list")) == 1


def test_the_process_is_pinned_before_it_is_known(room: StagedRoom) -> None:
    """It dies between the look and the kill: nobody is hit, not even who gets its pid next."""
    client = room.client("alice")

    def is_meant() -> bool:
        os.kill(client.recv, signal.SIGKILL)
        client.holder.wait(PATIENCE)
        return True

    assert not pinned.send(client.recv, signal.SIGTERM, is_meant)


@pytest.mark.parametrize("pid", [-1, 0, 1])
def test_never_everybody(pid: int) -> None:
    assert not pinned.send(pid, signal.SIGCONT, lambda: True)
