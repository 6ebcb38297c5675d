"""Half a cage is told to everybody who might ask: the log, --check, doctor and show."""

import os
import sys

import pytest

from lab.kit import launch
from lab.kit.admin.ctl import ctl, ctl_json
from lab.kit.machine import cage
from lab.kit.room import Room
from papayad.errors import CONFIGURATION, DONE, UNAVAILABLE
from tests.conftest import MakeRoom

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")

NO_LANDLOCK = "from papayad.sandbox import landlock\nlandlock.version = lambda _: 0"
WHY = "Landlock: this kernel has none, or was started without it"


def half(make_room: MakeRoom, sandbox: str = "auto") -> Room:
    cage.skip_unless_whole()
    room: Room = make_room(start=False, service={"sandbox": sandbox})
    room.before = NO_LANDLOCK
    return room


def test_what_is_missing_is_said_everywhere(make_room: MakeRoom) -> None:
    room = half(make_room)
    checked = launch.run(room, "--check")
    assert checked.code == DONE
    assert "# clients are confined by rlimits, undumpable, seccomp\n" in checked.stdout
    assert f"# clients are not confined by {WHY}\n" in checked.stdout
    room.start()
    assert f"<4>papayad[main]: clients are not confined by {WHY}\n" in room.journal()
    room.join("alice").ping()
    (shown,) = ctl_json(room, "show", "alice")
    assert (shown["sandbox"], shown["without"]) == ("rlimits,undumpable,seccomp", WHY)
    assert WHY in ctl(room, "show", "alice").stdout
    (found,) = [one for one in ctl_json(room, "doctor") if one["what"] == "sandbox"]
    assert (found["level"], found["words"]) == ("warning", f"clients are not confined by {WHY}")


def test_what_is_whole_is_said_as_well(make_room: MakeRoom) -> None:
    cage.skip_unless_whole()
    room: Room = make_room(service={"sandbox": "required"})
    assert "clients are confined by rlimits, undumpable, seccomp, landlock" in room.journal()
    assert "not confined" not in room.journal()
    (found,) = [one for one in ctl_json(room, "doctor") if one["what"] == "sandbox"]
    assert found["level"] == "ok"


def test_what_is_required_is_no_start_without(make_room: MakeRoom) -> None:
    room = half(make_room, "required")
    assert launch.run(room, "--check").code == CONFIGURATION
    started = launch.run(room)
    assert started.code == UNAVAILABLE
    assert WHY in started.stderr
    assert os.listdir(room.state_dir / "groups") == []
