"""A copy of the log that is put back later, as docs/backup.md has it; or with a step forgotten."""

import shutil
from pathlib import Path

from lab.kit.admin.ctl import ctl
from lab.kit.room import ROOT, Room, give_to_service
from papayad.log import committed, segments
from papayad.state import roster


def copy(room: Room) -> Path:
    """The segments, from the oldest to the newest, and what is known of them; the room goes on."""
    target = room.directory / "backup"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    own = [segments.name(base) for base in segments.bases(room.state_dir)]
    for name in ("identity", committed.FILE, *own):
        shutil.copy2(room.state_dir / name, target)
    return target


def put_back(room: Room, source: Path, is_said: bool) -> None:
    """In a room without a process. `is_said`: with `papayactl log restored`, as one should."""
    for path in (*room.state_dir.iterdir(), *roster.directory(room.state_dir).iterdir()):
        if path.is_file():
            path.unlink()
    for path in source.iterdir():
        shutil.copy2(path, room.state_dir)
    if ROOT:
        give_to_service(room.directory)
    if is_said:
        done = ctl(room, "log", "restored")
        assert done.exit_code == 0, done.output
