"""Alerts and the dashboard name numbers that `papayactl metrics` has."""

import json
import re
import shutil
import subprocess

import pytest

from lab.kit import CHECKOUT
from lab.kit.admin.ctl import ctl
from tests.conftest import MakeRoom

MONITORING = CHECKOUT / "contrib/monitoring"


def test_every_number_that_is_asked_for_is_there(make_room: MakeRoom) -> None:
    room = make_room("optional")
    room.join("alice").ping()
    said = ctl(room, "metrics").stdout
    known = set(re.findall(r"^(papaya_\w+)\{", said, re.MULTILINE))
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    alerts = re.findall(r"expr: (.*)", (MONITORING / "alerts.yml").read_text())
    wanted = {name for text in [*asked, *alerts] for name in re.findall(r"papaya_\w+", text)}
    assert len(wanted) > 10
    assert wanted <= known


def test_panels_do_not_overlap() -> None:
    seen: set[tuple[int, int]] = set()
    for panel in json.loads((MONITORING / "dashboard.json").read_text())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & seen
        assert max(x for x, _ in cells) < 24
        seen |= cells


def test_prometheus_takes_the_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no promtool here")
    done = subprocess.run(
        [promtool, "check", "rules", MONITORING / "alerts.yml"], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
