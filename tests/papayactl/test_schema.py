"""JSON: each command's keys and their types are an interface; what is added stands in `schemas`."""

import json
import re
from pathlib import Path
from typing import Any

from lab.kit.admin.ctl import ctl
from lab.kit.room import Room, wait_for
from tests.conftest import MakeRoom
from tests.papayactl.schemas import MOMENT, SCHEMAS

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z")
LINES = ("log cat", "log tail")  # an object in each


def check(value: Any, schema: Any, where: str) -> None:
    """Exactly these keys, with values of these types; a list has elements of one kind."""
    if schema == MOMENT:
        assert TIME.match(value), f"{where}: {value}"
    elif isinstance(schema, list):
        assert isinstance(value, list), where
        for place, element in enumerate(value):
            check(element, schema[0], f"{where}[{place}]")
    elif isinstance(schema, dict):
        assert value.keys() == schema.keys(), where
        for key in schema:
            check(value[key], schema[key], f"{where}.{key}")
    else:
        assert isinstance(value, schema), f"{where}: {value!r}"
        assert bool in schema or not isinstance(value, bool), where


def test_every_command_keeps_its_keys(make_room: MakeRoom, tmp_path: Path) -> None:
    room = make_room("optional", limits={"penalty_exempt": []})
    _populate(room)
    places = {
        "FILE": str(tmp_path / "export.jsonl"),
        "DIRECTORY": str(room.directory / "other"),
        "CHAIN": str(room.directory / "cert.pem"),
        "KEY": str(room.directory / "key.pem"),
    }
    for command, arguments, schema in SCHEMAS:
        words = [*command.split(), *(places.get(word, word) for word in arguments)]
        if command == "init":  # of a room of its own
            words += ["--address", "127.0.0.1:1", *_own_user(room)]
            words = ["--config", places["DIRECTORY"] + ".toml", *words]
        result = ctl(room, *words, "--json")
        assert result.is_told, (words, result.output)
        if command in LINES:
            for line in result.stdout.splitlines():
                check(json.loads(line), schema, command)
        elif command == "metrics":
            for name, samples in json.loads(result.stdout).items():
                check(samples, schema["papaya_clients"], name)
        else:
            check(json.loads(result.stdout), schema, " ".join(words))


def _own_user(room: Room) -> list[str]:
    settings = room.settings.service
    return ["--user", settings.user, "--group", settings.group]


def _populate(room: Room) -> None:
    for user in ("alice", "bob"):
        room.join(user, session="phone").ping()
        room.entry(user)
    room.settings.tokens.chmod(0o600)
    stranger = room.peer()
    stranger.send(b"neither TLS nor PAPAYA\n")
    stranger.read_to_end()
    wait_for(lambda: json.loads(ctl(room, "--json", "penalties", "list").stdout))
