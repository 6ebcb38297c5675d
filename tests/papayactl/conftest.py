"""Fixtures of papayactl's tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.kit.admin.staged import StagedRoom
from lab.kit.room import ROOT, free_port, give_to_service
from papayad import config
from papayad.log import store
from papayad.settings import Settings


@pytest.fixture
def room() -> Iterator[StagedRoom]:
    """A room that papayad has prepared once, without an acceptor.

    Not in pytest's own directory, which is closed to the user that papayactl becomes.
    """
    with tempfile.TemporaryDirectory(prefix="papaya-test-") as directory:
        room = StagedRoom(_prepared(Path(directory)))
        yield room
        room.end()


def _prepared(directory: Path) -> Settings:
    service: dict[str, str] = {
        "state_dir": str(directory / "state"),
        "run_dir": str(directory / "run"),
        "tokens": str(directory / "tokens"),
    }
    if ROOT:
        service |= {"user": "nobody", "group": "nogroup"}
    listen = {"addresses": [f"127.0.0.1:{free_port()}"], "tls": "off"}
    path = directory / "main.toml"
    made = config.defaults("main", path, service=service, listen=listen)
    path.write_text(config.render(made))
    made.tokens.touch()
    Path(made.service.run_dir).mkdir()
    made.state_dir.mkdir(mode=0o700)
    store.prepare(made.state_dir, lambda _: None)
    if ROOT:
        give_to_service(directory)
    return made


@pytest.fixture
def healthy(room: StagedRoom) -> StagedRoom:
    """A room that has nothing wrong: its tokens let somebody in, and are for nobody else."""
    room.ctl("token", "add", "alice")
    room.settings.tokens.chmod(0o600)
    if ROOT:
        shutil.chown(room.settings.tokens, "nobody", "nogroup")
    room.acceptor()
    return room
