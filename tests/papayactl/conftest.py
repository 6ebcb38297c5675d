"""Fixtures of papayactl's tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.kit.admin.staged import StagedRoom
from lab.kit.room import ROOT, free_port
from papayad import config
from papayad.log import store


@pytest.fixture
def room(tmp_path: Path) -> Iterator[StagedRoom]:
    """A room that papayad has prepared once, without an acceptor."""
    service: dict[str, str] = {
        "state_dir": str(tmp_path / "state"),
        "run_dir": str(tmp_path / "run"),
        "tokens": str(tmp_path / "tokens"),
    }
    listen = {"addresses": [f"127.0.0.1:{free_port()}"], "tls": "off"}
    path = tmp_path / "main.toml"
    made = config.defaults("main", path, service=service, listen=listen)
    path.write_text(config.render(made))
    made.tokens.touch()
    Path(made.service.run_dir).mkdir()
    made.state_dir.mkdir(mode=0o700)
    store.prepare(made.state_dir, lambda _: None)
    room = StagedRoom(made)
    yield room
    room.end()


@pytest.fixture
def healthy(room: StagedRoom) -> StagedRoom:
    """A room that has nothing wrong: its tokens let somebody in, and are for nobody else."""
    room.ctl("token", "add", "alice")
    room.settings.tokens.chmod(0o600)
    if ROOT:
        text = room.settings.path.read_text().replace('user = "papaya"', 'user = "nobody"')
        room.settings.path.write_text(text.replace('group = "papaya"', 'group = "nogroup"'))
        for path in (
            room.settings.state_dir,
            *room.settings.state_dir.rglob("*"),
            room.settings.tokens,
        ):
            os.chown(path, 65534, 65534)
        for directory in room.settings.state_dir.parents:  # pytest's own are closed to others
            if directory.stat().st_mode & 0o011 != 0o011:
                directory.chmod(directory.stat().st_mode | 0o011)
    room.acceptor()
    return room
