"""What doctor finds in a room that is staged here."""

import json
import os
from pathlib import Path
from typing import Any

from lab.kit.admin.staged import StagedRoom
from lab.kit.room import ROOT


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
