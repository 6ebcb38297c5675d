"""Fixtures of papayactl's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from papayad import config, store
from tests.papayactl.staged import StagedRoom
from tests.room import free_port


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
