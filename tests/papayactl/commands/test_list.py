"""`list`: from locks, never from titles."""

import os
from pathlib import Path

from lab.kit.admin.staged import StagedRoom
from papayad.state import roster


def test_nobody(room: StagedRoom) -> None:
    assert room.ctl_json("list") == []
    assert room.ctl("list").stdout == ""


def test_clients_with_their_pids_and_group(room: StagedRoom) -> None:
    alice = room.client("alice", "203.0.113.7:51234")
    bob = room.client("bob", "[2001:db8::1]:51234")
    first, second = room.ctl_json("list")
    assert (first["user"], first["recv"], first["send"]) == ("alice", alice.recv, alice.send)
    assert (second["user"], second["peer"]) == ("bob", "[2001:db8::1]:51234")
    assert first["generation"] == os.getpgid(alice.recv)
    assert second["generation"] == os.getpgid(bob.recv)
    assert [one["user"] for one in room.ctl_json("list", "bob")] == ["bob"]
    heading, *rows = room.ctl("list").stdout.splitlines()
    assert heading.split()[0] == "CLIENT"
    assert rows[0].split()[:3] == ["alice@203.0.113.7:51234", str(alice.recv), str(alice.send)]


def test_who_is_gone_is_not_listed(room: StagedRoom) -> None:
    entry = roster.Entry("9", "ghost", "203.0.113.9:1", 0, os.getpgrp(), recv=1, send=os.getpid())
    os.close(roster.create(roster.directory(room.settings.state_dir), entry))
    assert room.ctl_json("list") == []
    assert room.roster() == ["9"]  # a look changes nothing


def test_a_room_that_never_ran_has_nobody(room: StagedRoom) -> None:
    os.rmdir(roster.directory(room.settings.state_dir))
    assert room.ctl_json("list") == []


def test_without_the_right_it_is_one_line(room: StagedRoom, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        return
    room.settings.state_dir.chmod(0)
    result = room.ctl("list")
    room.settings.state_dir.chmod(0o700)
    assert result.exit_code == 77
    assert result.stderr.count("\n") == 1
