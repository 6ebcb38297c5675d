"""papayactl import: what papayaChat's original server kept, in a room."""

from pathlib import Path

import pytest

from lab.kit.admin.ctl import ctl
from papayactl.act import adopt
from papayad.errors import USAGE
from papayad.formats.wire import Greeting, Hello
from tests.conftest import MakeRoom

KEY = "ab" * 64
CHAT = b"Max_M: hello\nmax: see: this\0no name here\nbob:  \nMax M: x\nann: gr\xfc\xdfe \x1b[2J\n\n"


def test_lines_become_records() -> None:
    assert list(adopt.lines(CHAT)) == [
        ("max_m", "-", "hello"),
        ("max", "-", "see: this"),
        ("*", "-", "notice no name here"),
        ("*", "-", "notice bob:  "),
        ("*", "-", "notice Max M: x"),
        ("ann", "-", "gr\ufffd\ufffde [2J"),
    ]


def test_a_room_takes_over_log_and_key(make_room: MakeRoom, tmp_path: Path) -> None:
    room = make_room(start=False)
    (tmp_path / "chat").write_bytes(CHAT * 500)
    (tmp_path / "key").write_text(KEY + "\n")
    both = ("--chat", str(tmp_path / "chat"), "--key", str(tmp_path / "key"), "--user", "friend")
    room.start()
    result = ctl(room, "import", *both)
    assert result.exit_code == 0, result.output
    assert "3000 messages taken over" in result.output
    texts = [line.split(b" ", 3)[1::2] for line in room.log().splitlines()]
    assert texts[:2] == [[b"max_m", b"hello"], [b"max", b"see: this"]] and len(texts) == 3000
    peer = room.peer()
    assert isinstance(peer.hello(Hello(KEY, last=1)), Greeting)
    again = ctl(room, "import", "--chat", str(tmp_path / "chat"))
    assert again.exit_code == USAGE and "--append" in again.output
    assert ctl(room, "import", "--chat", str(tmp_path / "chat"), "--append").exit_code == 0
    peer.read_until(b" ann - gr")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "nothing is named"),
        (("--key", "FILE"), "go together"),
        (("--key", "FILE", "--user", "friend"), "not 128"),
        (("--key", "FILE", "--user", "12"), "could be an address"),
        (("--chat", "/no/such/file"), "No such file"),
    ],
)
def test_what_cannot_be_taken_over(
    make_room: MakeRoom, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    room = make_room()
    (tmp_path / "key").write_text("short\n")
    result = ctl(room, "import", *(str(tmp_path / "key") if w == "FILE" else w for w in words))
    assert result.exit_code != 0
    assert told in result.output and result.output.count("\n") == 1
