"""The units of systemd that run a room: systemctl is a stand-in that notes what it was asked."""

from pathlib import Path

import pytest

from papayactl.act import control
from papayactl.state import units
from papayad import config
from papayad.errors import Fault
from papayad.settings import Settings

SYSTEMCTL = """#!/bin/sh
echo "$*" >>"{directory}/asked"
case $1 in
show) cat "{directory}/$3" 2>/dev/null || echo LoadState=not-found ;;
*) exit "$(cat "{directory}/code" 2>/dev/null || echo 0)" ;;
esac
"""


class Systemd:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        (directory / "systemctl").write_text(SYSTEMCTL.format(directory=directory))
        (directory / "systemctl").chmod(0o755)

    def has(self, unit: str, active: str, file: str = "enabled") -> None:
        said = f"LoadState=loaded\nActiveState={active}\nUnitFileState={file}\n"
        (self._directory / unit).write_text(said)

    def fails(self, code: int) -> None:
        (self._directory / "code").write_text(str(code))

    @property
    def did(self) -> list[str]:
        asked = (self._directory / "asked").read_text().splitlines()
        return [line for line in asked if not line.startswith("show ")]


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    monkeypatch.setattr(units, "BOOTED", tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return Systemd(tmp_path)


def room(name: str = "main", directory: str = "/etc/papaya") -> Settings:
    return config.defaults(name, Path(directory, f"{name}.toml"))


def test_a_room_has_the_units_of_its_name(systemd: Systemd) -> None:
    systemd.has("papayad.service", "active")
    systemd.has("papayad@ops.service", "inactive")
    main, ops = units.of(room()), units.of(room("ops"))
    assert main == units.Units("papayad", True, False, False)
    assert ops == units.Units("papayad@ops", False, False, False)


def test_a_room_elsewhere_has_none(systemd: Systemd) -> None:
    systemd.has("papayad.service", "active")
    assert units.of(room(directory="/srv/room")) is None


def test_without_root_or_units_or_systemd_there_are_none(
    systemd: Systemd, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert units.of(room()) is None
    systemd.has("papayad.service", "active")
    monkeypatch.setattr(units, "BOOTED", tmp_path / "none")
    assert units.of(room()) is None
    monkeypatch.setattr(units, "BOOTED", tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert units.of(room()) is None


def test_a_socket_that_listens_is_stopped_with_the_service(systemd: Systemd) -> None:
    systemd.has("papayad.service", "inactive")
    systemd.has("papayad.socket", "active")
    control.stop_waiting(room())
    assert systemd.did == ["stop papayad.socket papayad.service"]


def test_an_acceptor_that_systemd_would_start_again_is_stopped(systemd: Systemd) -> None:
    systemd.has("papayad.service", "activating")
    control.stop_waiting(room())
    assert systemd.did == ["stop papayad.service"]


def test_a_socket_that_is_enabled_is_started_with_the_service(systemd: Systemd) -> None:
    systemd.has("papayad@ops.service", "inactive")
    systemd.has("papayad@ops.socket", "inactive")
    own = units.of(room("ops"))
    assert own
    units.start(own)
    assert systemd.did == ["start papayad@ops.socket papayad@ops.service"]


def test_what_systemd_cannot_start_says_where_the_reason_is(systemd: Systemd) -> None:
    systemd.has("papayad.service", "failed")
    systemd.fails(1)
    own = units.of(room())
    assert own
    with pytest.raises(Fault, match=r"systemctl status papayad\.service"):
        units.start(own)
