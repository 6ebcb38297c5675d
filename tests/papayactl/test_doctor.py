"""`doctor`: each thing that may be wrong is found, with the command that mends it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from papayactl import doctor
from papayad import config, marks, roster
from tests import certificate
from tests.conftest import MakeRoom
from tests.papayactl.running import ctl, ctl_json, is_stopped
from tests.papayactl.staged import StagedRoom
from tests.room import ROOT, wait_for


@pytest.fixture
def healthy(room: StagedRoom) -> StagedRoom:
    """A room that has nothing wrong: its tokens let somebody in, and are for nobody else."""
    room.ctl("token", "add", "alice")
    room.config.tokens.chmod(0o600)
    if ROOT:
        text = room.config.path.read_text().replace('user = "papaya"', 'user = "nobody"')
        room.config.path.write_text(text.replace('group = "papaya"', 'group = "nogroup"'))
        for path in (room.config.state_dir, *room.config.state_dir.rglob("*"), room.config.tokens):
            os.chown(path, 65534, 65534)
        for directory in room.config.state_dir.parents:  # pytest's own are closed to others
            if directory.stat().st_mode & 0o011 != 0o011:
                directory.chmod(directory.stat().st_mode | 0o011)
    room.acceptor()
    return room


def give(path: Path) -> None:
    """To the service alone."""
    path.chmod(0o600)
    if ROOT:
        os.chown(path, 65534, 65534)


def findings(room: StagedRoom) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(room.ctl("--json", "doctor", "-q").stdout)
    return [one for one in found if one["what"] not in ("clock", "memory", "disk")]


def only(room: StagedRoom, level: str) -> dict[str, Any]:
    (found,) = findings(room)
    assert found["level"] == level, found
    assert found["remedy"]
    return found


def test_a_healthy_room(healthy: StagedRoom) -> None:
    result = healthy.ctl("doctor")
    assert result.exit_code == 0
    assert findings(healthy) == []
    assert result.stdout.startswith("ok       configuration: ")


def test_a_room_that_papayad_runs_is_healthy(make_room: MakeRoom) -> None:
    room = make_room(tls="required")
    room.join("alice")
    room.entry("alice")
    for path in (room.settings.tokens, Path(room.settings.listen.private_key)):
        path.chmod(0o600)
    bad = [one for one in ctl_json(room, "doctor") if one["level"] == doctor.FAILURE]
    assert bad == []


def test_a_broken_configuration(healthy: StagedRoom) -> None:
    healthy.config.path.write_text("[listen]\nadresses = []\n[nonsense]\n")
    result = healthy.ctl("doctor")
    assert result.exit_code == 1
    assert "listen.adresses: unknown key" in result.stdout
    assert "nonsense: unknown section" in result.stdout
    healthy.config.path.unlink()
    assert healthy.ctl("doctor").exit_code == 1


def test_who_may_read_what(healthy: StagedRoom) -> None:
    healthy.config.state_dir.chmod(0o755)
    assert only(healthy, "warning")["remedy"].startswith("chmod 0700 ")
    healthy.config.state_dir.chmod(0o700)
    healthy.config.tokens.chmod(0o644)
    assert only(healthy, "failure")["remedy"].startswith("chmod o-rwx ")
    healthy.config.tokens.unlink()
    assert "papayactl init" in {one["remedy"] for one in findings(healthy)}


@pytest.mark.skipif(not ROOT, reason="only root makes files of somebody else")
def test_what_became_roots(healthy: StagedRoom) -> None:
    (healthy.config.state_dir / "rooted").touch()
    assert only(healthy, "failure")["remedy"].startswith("chown -R --reference=")
    (healthy.config.state_dir / "rooted").unlink()
    os.chown(healthy.config.tokens, 0, 0)
    assert only(healthy, "failure")["remedy"].startswith("chgrp nogroup ")


def test_the_acceptor_and_its_port(healthy: StagedRoom) -> None:
    running = healthy.children[-1]
    os.kill(running.pid, signal.SIGSTOP)
    wait_for(lambda: is_stopped(running.pid))
    assert only(healthy, "failure")["remedy"] == f"kill -CONT {running.pid}"
    running.kill()
    running.wait()
    whats = {one["what"]: one["level"] for one in findings(healthy)}
    assert whats == {"acceptor": "warning", str(healthy.config.pid_file): "warning"}


def test_somebody_else_has_the_port(healthy: StagedRoom) -> None:
    healthy.children[-1].kill()
    healthy.children[-1].wait()
    host, port = config.parse_address(healthy.config.listen.addresses[0])
    with socket.create_server((host, port)):
        found = {one["what"]: one for one in findings(healthy)}
    assert found[healthy.config.listen.addresses[0]]["level"] == "failure"


def test_a_certificate_that_expires_and_one_without_its_key(
    healthy: StagedRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.make(*files)
    give(files[1])
    text = healthy.config.path.read_text().replace('tls = "off"', 'tls = "required"')
    text = text.replace("/etc/papaya/cert.pem", str(files[0]))
    healthy.config.path.write_text(text.replace("/etc/papaya/key.pem", str(files[1])))
    far = time.time() + 100 * 365 * 86400
    monkeypatch.setattr(doctor, "_SOON", far)
    assert only(healthy, "warning")["words"].startswith("expires in ")
    monkeypatch.undo()
    other = tmp_path / "other.pem"
    certificate.make(other, files[1])
    give(files[1])
    (bad,) = [one for one in findings(healthy) if one["level"] == "failure"]
    assert "is not the key of" in bad["words"]


def test_a_full_disk_and_a_clock_that_went_back(
    healthy: StagedRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "_LEAST", 1 << 80)
    (found,) = doctor.disk(healthy.config)
    assert found.level == "failure"
    assert healthy.ctl("wall", "hello").exit_code == 0
    monkeypatch.setattr(doctor, "_AHEAD", -3600.0)
    (found,) = doctor.clock(healthy.config)
    assert "the log is ahead of it" in found.words


def test_too_many_clients_for_this_machine(healthy: StagedRoom) -> None:
    text = healthy.config.path.read_text().replace("max_clients = 1000", "max_clients = 99999999")
    healthy.config.path.write_text(text)
    found = {one["what"]: one["level"] for one in findings(healthy)}
    assert found["pid_max"] == found["threads-max"] == "failure"


def test_what_is_left_over_and_who_is_stuck(healthy: StagedRoom) -> None:
    state_dir = healthy.config.state_dir
    (marks.frozen(state_dir) / "ghost").touch()
    give(marks.frozen(state_dir) / "ghost")
    found = only(healthy, "warning")
    assert "it has no token" in found["words"]
    assert found["remedy"] == "papayactl thaw --user ghost"
    (marks.frozen(state_dir) / "ghost").unlink()
    entry = roster.Entry("9", "ghost", "203.0.113.9:1", 0, os.getpgrp(), recv=1, send=2)
    os.close(roster.create(roster.directory(state_dir), entry))
    give(roster.directory(state_dir) / "9")
    assert "1 clients are gone" in only(healthy, "warning")["words"]


def test_a_stopped_process_that_holds_the_log(make_room: MakeRoom) -> None:
    room = make_room()
    code = "import fcntl, sys, signal, os; f = open(sys.argv[1]); "
    code += "fcntl.flock(f, fcntl.LOCK_EX); os.kill(os.getpid(), signal.SIGSTOP)"
    with subprocess.Popen([sys.executable, "-c", code, room.state_dir / "committed"]) as holder:
        wait_for(lambda: is_stopped(holder.pid))
        found = ctl(room, "doctor", "-q").stdout
        assert f"-> kill -CONT {holder.pid}\n" in found
        assert f"kill -CONT {holder.pid}" in ctl(room, "--json", "doctor", "-q").stdout
        holder.send_signal(signal.SIGCONT)
        holder.wait()
