"""`acceptor`: status, stop, start, reload, by the pid file's lock."""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lab.kit.admin.staged import StagedRoom
from papayactl.act import control
from papayactl.look import acceptor, living
from papayactl.system import process


def test_status_of_none(room: StagedRoom) -> None:
    result = room.ctl("acceptor", "status")
    assert result.exit_code == 3
    assert "stopped" in result.stdout


def test_a_stale_pid_file_is_not_a_running_acceptor(room: StagedRoom) -> None:
    room.settings.pid_file.write_text(f"{os.getpid()}\n")
    assert room.ctl("acceptor", "status").exit_code == 3


def test_status_counts_generations(room: StagedRoom) -> None:
    running = room.acceptor()
    room.client("alice")
    seen = room.ctl_json("acceptor", "status")
    assert (seen["pid"], seen["state"]) == (running.pid, "running")
    assert (seen["sessions"], seen["earlier"]) == (1, 1)


def test_earlier_means_those_of_another_acceptor(room: StagedRoom) -> None:
    running = room.acceptor()
    room.client("alice")
    (old,) = living.living(room.settings)
    new = replace(old, group=os.getpgid(running.pid))
    assert acceptor.of_earlier(room.settings, [old, new]) == [old]
    assert [one["user"] for one in room.ctl_json("list", "--earlier")] == ["alice"]
    assert [one["user"] for one in room.ctl_json("kill", "--earlier")] == ["alice"]
    assert room.ctl("kill", "--earlier", "--yes").exit_code == 3


def test_nobody_is_earlier_than_no_acceptor(room: StagedRoom) -> None:
    room.client("alice")
    for command in ("list", "kill"):
        assert room.ctl(command, "--earlier").exit_code == 3
    assert len(living.living(room.settings)) == 1


def test_stop_returns_when_the_port_is_closed(room: StagedRoom) -> None:
    running = room.acceptor()
    client = room.client("alice")
    address = room.settings.listen.addresses[0]
    assert acceptor.is_open(address)
    said = room.ctl_json("acceptor", "stop")
    assert not acceptor.is_open(address)
    assert (said["pid"], said["signal"], said["sessions"]) == (running.pid, "SIGTERM", 1)
    assert process.read(client.recv) is not None
    assert room.ctl("acceptor", "stop").exit_code == 0


def test_stop_kills_one_that_does_not_answer(room: StagedRoom) -> None:
    room.acceptor(stubborn=True)
    assert room.ctl_json("acceptor", "stop", "--timeout", "0.2")["signal"] == "SIGKILL"
    assert room.ctl("acceptor", "status").exit_code == 3


def test_stop_kills_a_frozen_one(room: StagedRoom) -> None:
    running = room.acceptor()
    os.kill(running.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, running.pid, os.WSTOPPED | os.WNOWAIT)
    seen = room.ctl("--json", "acceptor", "status")
    assert (seen.exit_code, json.loads(seen.stdout)["state"]) == (3, "frozen")
    said = room.ctl_json("acceptor", "stop")
    assert said["signal"] == "SIGKILL"
    assert said["seconds"] < 2


def test_reload_asks_the_holder_of_the_lock(
    room: StagedRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "check", lambda *_: None)  # of users that are not here
    assert room.ctl("acceptor", "reload").exit_code == 3
    running = room.acceptor()
    assert room.ctl_json("acceptor", "reload")["pid"] == running.pid
    assert running.stdout
    assert running.stdout.readline() == "reads again\n"


def test_reload_refuses_a_broken_configuration(room: StagedRoom) -> None:
    running = room.acceptor()
    room.settings.path.write_text("[listen]\nadresses = []\n")
    result = room.ctl("acceptor", "reload")
    assert result.exit_code == 78
    assert "listen.adresses: unknown key" in result.stderr
    assert running.poll() is None


def test_start_relays_what_papayad_says(
    room: StagedRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "papayad"
    program.write_text("#!/bin/sh\necho 'papayad: 0.0.0.0:7722: in use: stop it' >&2\nexit 69\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "papayactl")])
    result = room.ctl("acceptor", "start")
    assert result.exit_code == 69
    assert result.stderr == "papayactl: acceptor start: 0.0.0.0:7722: in use: stop it\n"


def test_start_of_a_running_one_is_done(room: StagedRoom) -> None:
    running = room.acceptor()
    assert room.ctl_json("acceptor", "start")["pid"] == running.pid
