"""A machine that is too small for what the configuration allows."""

import pytest

from lab.kit.admin.staged import StagedRoom
from papayactl.doctor import capacity
from papayactl.doctor.finding import FAILURE
from tests.papayactl.doctor.examined import findings


def test_a_full_disk(healthy: StagedRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "_FAILS_BELOW_BYTES", 1 << 80)
    (found,) = capacity.disk(healthy.settings)
    assert found.level == FAILURE


def test_too_many_clients_for_this_machine(healthy: StagedRoom) -> None:
    text = healthy.settings.path.read_text().replace("max_clients = 1000", "max_clients = 99999999")
    healthy.settings.path.write_text(text)
    found = {one["what"]: one["level"] for one in findings(healthy)}
    assert found["pid_max"] == found["threads-max"] == "failure"
