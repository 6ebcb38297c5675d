"""`doctor`: each thing that may be wrong is found, with the command that mends it."""

import os
import signal
import socket
import time
from pathlib import Path

import pytest

from lab.kit import certificate
from lab.kit.admin.ctl import ctl_json, is_stopped
from lab.kit.admin.staged import StagedRoom
from lab.kit.room import wait_for
from papayactl.doctor import certificates, examine
from papayactl.doctor.finding import FAILURE
from papayactl.state import certificate as stored
from papayad.formats.address import parse_address
from tests.conftest import MakeRoom
from tests.papayactl.doctor.examined import findings, give, only


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
    bad = [one for one in ctl_json(room, "doctor") if one["level"] == FAILURE]
    assert bad == []


def test_a_broken_configuration(healthy: StagedRoom) -> None:
    healthy.settings.path.write_text("[listen]\nadresses = []\n[nonsense]\n")
    result = healthy.ctl("doctor")
    assert result.exit_code == 1
    assert "listen.adresses: unknown key" in result.stdout
    assert "nonsense: unknown section" in result.stdout
    healthy.settings.path.unlink()
    assert healthy.ctl("doctor").exit_code == 1


def test_the_acceptor_and_its_port(healthy: StagedRoom) -> None:
    running = healthy.children[-1]
    os.kill(running.pid, signal.SIGSTOP)
    wait_for(lambda: is_stopped(running.pid))
    assert only(healthy, "failure")["remedy"] == f"kill -CONT {running.pid}"
    running.kill()
    running.wait()
    whats = {one["what"]: one["level"] for one in findings(healthy)}
    assert whats == {"acceptor": "failure", str(healthy.settings.pid_file): "warning"}


def test_somebody_else_has_the_port(healthy: StagedRoom) -> None:
    healthy.children[-1].kill()
    healthy.children[-1].wait()
    host, port = parse_address(healthy.settings.listen.addresses[0])
    with socket.create_server((host, port)):
        found = {one["what"]: one for one in findings(healthy)}
    assert found[healthy.settings.listen.addresses[0]]["level"] == "failure"


def test_a_certificate_that_expires_and_one_without_its_key(
    healthy: StagedRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.make(*files)
    give(files[1])
    text = healthy.settings.path.read_text().replace('tls = "off"', 'tls = "required"')
    text = text.replace("/etc/papaya/cert.pem", str(files[0]))
    healthy.settings.path.write_text(text.replace("/etc/papaya/key.pem", str(files[1])))
    far = time.time() + 100 * 365 * 86400
    monkeypatch.setattr(certificates, "_EXPIRY_WARNED_BEFORE", far)
    monkeypatch.setattr(certificates, "served", lambda *_: stored.read(files[0]))
    assert only(healthy, "warning")["words"].startswith("expires in ")
    monkeypatch.setattr(certificates, "_EXPIRY_WARNED_BEFORE", 0.0)
    other = tmp_path / "other.pem"
    certificate.make(other, files[1])
    give(files[1])
    (bad,) = [one for one in findings(healthy) if one["level"] == "failure"]
    assert "is not the key of" in bad["words"]


def test_a_clock_that_went_back(healthy: StagedRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    assert healthy.ctl("wall", "hello").exit_code == 0
    monkeypatch.setattr(examine, "_LOG_AHEAD_AT_MOST", -3600.0)
    (found,) = examine.clock(healthy.settings)
    assert "the log is ahead of it" in found.words
