"""`metrics`: valid OpenMetrics, by the grammar of its specification, and true."""

import re
from pathlib import Path

from lab.kit.admin.ctl import ctl, ctl_json
from lab.kit.admin.staged import StagedRoom
from tests.conftest import MakeRoom

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(rf"({NAME})\{{((?:{LABEL})(?:,{LABEL})*)\}} (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\Z")


def parse(text: str) -> dict[tuple[str, str], float]:
    """The samples by name and labels; fails where the text is not OpenMetrics."""
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""]
    found: dict[tuple[str, str], float] = {}
    families: dict[str, str] = {}
    current = ""
    for line in lines[:-2]:
        if line.startswith("# TYPE "):
            _, _, current, kind = line.split(" ")
            assert kind in ("gauge", "counter")
            assert current not in families, "a family stands together"
            families[current] = kind
        elif line.startswith("# HELP "):
            assert line.split(" ")[2] == current
        else:
            match = SAMPLE.match(line)
            assert match, line
            suffix = "_total" if families[current] == "counter" else ""
            assert match[1] == current + suffix
            assert (match[1], match[2]) not in found
            found[match[1], match[2]] = float(match[3])
    return found


def test_it_is_valid_and_true(make_room: MakeRoom) -> None:
    room = make_room()
    room.join("alice")
    room.join("alice")
    room.join("bob")
    for _ in room.peers:
        room.peers[-1].ping()
    samples = parse(ctl(room, "metrics").stdout)
    assert samples["papaya_up", 'room="main"'] == 1
    assert samples["papaya_clients", 'room="main"'] == 3
    assert samples["papaya_user_clients", 'room="main",user="alice"'] == 2
    assert samples["papaya_log_bytes_total", 'room="main"'] == room.committed()
    sent = [one["bytes_in"] for one in ctl_json(room, "list", "bob")]
    assert samples["papaya_user_received_bytes", 'room="main",user="bob"'] == sent[0]


def test_without_an_acceptor_it_is_down(room: StagedRoom) -> None:
    samples = parse(room.ctl("metrics").stdout)
    assert samples["papaya_up", 'room="main"'] == 0
    assert samples["papaya_clients", 'room="main"'] == 0


def test_the_file_is_replaced_whole(room: StagedRoom, tmp_path: Path) -> None:
    file = tmp_path / "papaya.prom"
    assert room.ctl("metrics", "--output", str(file)).exit_code == 0
    before = file.stat().st_ino
    assert room.ctl("metrics", "-o", str(file)).exit_code == 0
    assert file.stat().st_ino != before
    assert file.stat().st_mode & 0o777 == 0o644
    parse(file.read_text())
    result = room.ctl("metrics", "-o", str(tmp_path / "nowhere" / "papaya.prom"))
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
