"""A broken configuration keeps nobody from seeing and ending clients, and is told of."""

import json
from pathlib import Path

import pytest

from lab.kit.admin.staged import StagedRoom
from papayactl.cli import salvage
from papayad.config import Problems


def add(room: StagedRoom, text: str) -> None:
    path = room.settings.path
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def change(room: StagedRoom, old: str, new: str) -> None:
    text = room.settings.path.read_text(encoding="utf-8")
    assert old in text
    room.settings.path.write_text(text.replace(old, new), encoding="utf-8")


def test_clients_are_seen_frozen_and_ended(room: StagedRoom) -> None:
    client = room.client("alice")
    change(room, 'tls = "', 'tls = "perhaps ')
    change(room, "max_clients = ", "max_cleints = ")
    seen = room.ctl("--json", "list")
    assert seen.exit_code == 0
    assert [one["recv"] for one in json.loads(seen.stdout)] == [client.recv]
    (line,) = seen.stderr.splitlines()
    assert line.startswith(f"papayactl: {room.settings.path}: listen.tls: ")
    assert line.endswith(" and 1 more: ignored here, see papayad --check")
    for words in (["show", "alice"], ["usage"], ["freeze", "alice"], ["thaw", "alice"]):
        assert room.ctl(*words).exit_code == 0, words
    ended = room.ctl("kill", "alice")
    assert (ended.exit_code, len(ended.stderr.splitlines())) == (0, 1)
    assert room.ctl_json("list") == []


def test_what_changes_the_room_wants_it_whole(room: StagedRoom) -> None:
    add(room, "\n[limits2]\n")
    for words in (["token", "add", "bob"], ["acceptor", "reload"], ["log", "prune"]):
        assert room.ctl(*words).exit_code == 78, words


def test_what_is_not_toml_tells_nothing(room: StagedRoom) -> None:
    add(room, "\nthis is no TOML\n")
    result = room.ctl("kill", "--all", "--yes")
    assert result.exit_code == 78
    assert "not TOML" in result.stderr


@pytest.mark.parametrize(
    "content",
    [
        '[service]\nstate_dir = "here"',
        '[service]\nstatedir = "/srv/papaya"',
        '[servce]\nstate_dir = "/srv/papaya"',
        '[limits]\nstate_dir = "/srv/papaya"',
        '[service]\nstate_dir = "/srv/papaya"\nuser = 3',
        'service = "papaya"',
    ],
)
def test_where_the_state_is_is_never_guessed(tmp_path: Path, content: str) -> None:
    (tmp_path / "main.toml").write_text(content)
    with pytest.raises(Problems):
        salvage.load(tmp_path / "main.toml", "main")


@pytest.mark.parametrize("content", ["", '[listen]\ntls = "x"', "[limits]\nmax_client = 3"])
def test_a_default_is_no_guess(tmp_path: Path, content: str) -> None:
    (tmp_path / "main.toml").write_text(content)
    found, problems = salvage.load(tmp_path / "main.toml", "main")
    assert found.service.state_dir == "/var/lib/papaya/main"
    assert len(problems) == (content != "")
