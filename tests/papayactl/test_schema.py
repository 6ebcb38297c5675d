"""JSON: each command's keys and their types are an interface; what is added stands here too."""

import json
import re
from typing import Any

from tests.conftest import MakeRoom
from tests.papayactl.running import ctl
from tests.room import Room

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z\Z")
NUMBER, TEXT, FLAG, NONE = (int, float), (str,), (bool,), (type(None),)
MOMENT = "RFC 3339"

CLIENT = {
    "user": TEXT,
    "peer": TEXT,
    "session": TEXT + NONE,
    "recv": NUMBER + NONE,
    "send": NUMBER + NONE,
    "since": MOMENT,
    "age": NUMBER,
    "state": TEXT,
    "cpu_percent": NUMBER + NONE,
    "cpu_seconds": NUMBER + NONE,
    "pss": NUMBER + NONE,
    "bytes_in": NUMBER + NONE,
    "bytes_out": NUMBER + NONE,
    "lag": NUMBER + NONE,
    "rtt": NUMBER + NONE,
    "generation": NUMBER,
    "token": TEXT + NONE,
    "presence": FLAG,
}
SHOWN = CLIENT | {
    "cursor": NUMBER + NONE,
    "tls": TEXT,
    "sandbox": TEXT + NONE,
    "processes": [
        {
            "role": TEXT,
            "pid": NUMBER,
            "state": TEXT,
            "cpu_seconds": NUMBER,
            "rss": NUMBER,
            "voluntary_switches": NUMBER + NONE,
            "involuntary_switches": NUMBER + NONE,
            "limits": (dict,),
            "descriptors": (dict,),
        }
    ],
    "connection": {
        "local": TEXT,
        "peer": TEXT,
        "queued_in": NUMBER,
        "queued_out": NUMBER,
        "rtt": NUMBER + NONE,
        "retransmits": NUMBER + NONE,
    },
    "user_seconds": NUMBER + NONE,
    "system_seconds": NUMBER + NONE,
    "rss": NUMBER + NONE,
    "uss": NUMBER + NONE,
    "messages": NUMBER + NONE,
}
USED = {
    "time": MOMENT,
    "kind": TEXT,
    "user": TEXT + NONE,
    "peer": TEXT + NONE,
    **dict.fromkeys(
        [
            "recv",
            "send",
            "age",
            "cpu_seconds",
            "user_seconds",
            "system_seconds",
            "voluntary_switches",
            "involuntary_switches",
            "rss",
            "pss",
            "uss",
            "bytes_in",
            "bytes_out",
            "messages",
            "lag",
            "cpu_percent",
            "voluntary_switches_per_second",
            "involuntary_switches_per_second",
            "bytes_in_per_second",
            "bytes_out_per_second",
            "messages_per_second",
        ],
        NUMBER + NONE,
    ),
}
STATUS = {
    "room": TEXT,
    "state": TEXT,
    "pid": NUMBER + NONE,
    "age": NUMBER + NONE,
    "addresses": [TEXT],
    "tls": TEXT,
    "certificate_expires": TEXT + NONE,
    "clients": NUMBER,
    "max_clients": NUMBER,
    "users": [TEXT],
    "frozen": NUMBER,
    "blocked": NUMBER,
    "earlier": NUMBER + NONE,
    "refused": [TEXT],
    "log_end": NUMBER + NONE,
    "log_oldest": NUMBER,
    "log_segments": NUMBER,
    "log_bytes": NUMBER,
    "last_record": MOMENT,
    "disk_free": NUMBER,
    "cpu_seconds": NUMBER + NONE,
    "pss": NUMBER + NONE,
    "bytes_in": NUMBER + NONE,
    "bytes_out": NUMBER + NONE,
    "lag": NUMBER + NONE,
    "shutdown": TEXT + NONE,
}
TOKEN = {"id": TEXT, "user": TEXT, "created": MOMENT, "expires": TEXT + NONE}
OUTCOME = {
    "user": TEXT,
    "peer": TEXT,
    "recv": NUMBER,
    "send": NUMBER,
    "ended": FLAG,
    "signal": TEXT + NONE,
    "seconds": NUMBER,
}
CHANGED = {"user": TEXT, "peer": TEXT, "recv": NUMBER, "send": NUMBER, "state": TEXT}
SCHEMAS: list[tuple[list[str], Any]] = [
    (["list"], [CLIENT]),
    (["top", "--batch", "-n", "1"], [CLIENT]),
    (["show", "alice"], [SHOWN]),
    (["usage"], [USED]),
    (["status"], STATUS),
    (["freeze", "alice"], {"clients": [CHANGED], "refused": [TEXT]}),
    (["thaw", "alice"], {"clients": [CHANGED], "refused": [TEXT]}),
    (["wall", "hello"], {"notice": TEXT, "clients": NUMBER}),
    (
        ["token", "list"],
        [TOKEN | {"last_used": TEXT + NONE, "sessions": NUMBER, "clients": [TEXT]}],
    ),
    (
        ["acceptor", "status"],
        {
            "room": TEXT,
            "pid": NUMBER,
            "state": TEXT,
            "addresses": [TEXT],
            "sessions": NUMBER,
            "earlier": NUMBER,
        },
    ),
    (["log", "path"], [TEXT]),
    (
        ["log", "verify"],
        {
            "good": FLAG,
            "records": NUMBER,
            "segments": NUMBER,
            "start": NUMBER,
            "end": NUMBER,
            "bad_offset": NUMBER + NONE,
            "why": TEXT + NONE,
            "surplus": NUMBER,
        },
    ),
    (
        ["log", "prune", "--keep-days", "1"],
        {
            "removed": [TEXT],
            "segments": [TEXT],
            "bytes": NUMBER,
            "oldest": NUMBER,
            "below": [TEXT],
        },
    ),
    (["doctor"], [{"level": TEXT, "what": TEXT, "words": TEXT, "remedy": TEXT}]),
    (["kill", "bob"], [OUTCOME]),
    (["shutdown"], {"room": TEXT, "acceptor": NUMBER + NONE, "clients": [OUTCOME]}),
]


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


def test_every_command_keeps_its_keys(make_room: MakeRoom) -> None:
    room = make_room()
    _populate(room)
    for words, schema in SCHEMAS:
        result = ctl(room, *words, "--json")
        assert result.exception is None or result.exit_code == 0, (words, result.output)
        check(json.loads(result.stdout), schema, " ".join(words))


def _populate(room: Room) -> None:
    for user in ("alice", "bob"):
        room.join(user, session="phone").ping()
        room.entry(user)
    room.settings.tokens.chmod(0o600)
