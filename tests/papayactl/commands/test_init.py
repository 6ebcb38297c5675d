"""`init`: what it makes, whose it is, and that it touches nothing that exists."""

import json
import os
import pwd
import shutil
import socket
import ssl
import stat
from pathlib import Path

import pytest

from lab.kit.admin.ctl import Result, run
from papayactl.commands.init import _planned as planned
from papayactl.look import acceptor
from papayad import config
from papayad.formats import invite, pin
from papayad.formats.address import parse_address
from papayad.state import tokens

AS_ROOT = os.geteuid() == 0
USER = ["--user", "nobody"] if AS_ROOT else []


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A directory that the service's user can reach: pytest's own are closed to others."""
    for directory in (tmp_path, *tmp_path.parents):
        if directory.stat().st_uid == os.geteuid() and directory != Path("/"):
            directory.chmod(directory.stat().st_mode | 0o011)
    return tmp_path / "room"


def init(top: Path, *words: str, room: str = "main") -> Result:
    return run("--room", room, "init", "--dir", str(top), *USER, *words)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def snapshot(top: Path) -> dict[str, tuple[bytes, int, int]]:
    return {
        str(path): (
            path.read_bytes() if path.is_file() else b"",
            path.stat().st_mode,
            path.stat().st_ino,
        )
        for path in top.rglob("*")
    }


def test_a_room_from_nothing(top: Path) -> None:
    result = init(top, "--first", "alice", "--host", "chat.example.org", "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert set(said["made"]) >= {str(top / name) for name in ("main.toml", "tokens", "key.pem")}
    assert said["left"] == []
    made = config.load(top / "main.toml", "main")
    card = invite.parse(said["invite"])
    assert (card.name, card.host, card.room) == ("alice", "chat.example.org", "main")
    assert made.listen.host == "chat.example.org"
    assert tokens.read_tokens(made.tokens)[tokens.digest(card.token)].user == "alice"
    der = ssl.PEM_cert_to_DER_cert((top / "cert.pem").read_text())
    assert card.pins == (pin.of_certificate(der),)
    assert made.listen.addresses[0].endswith(f":{card.port}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.listen.certificate, made.listen.private_key)


def test_rights(top: Path) -> None:
    assert init(top).exit_code == 0
    made = config.load(top / "main.toml", "main")
    assert mode(made.state_dir) == 0o700
    assert mode(Path(made.service.run_dir)) == 0o755
    assert mode(made.tokens) == mode(Path(made.listen.private_key)) == (0o640 if AS_ROOT else 0o600)
    assert mode(Path(made.listen.certificate)) == mode(made.path) == 0o644
    if AS_ROOT:
        nobody = pwd.getpwnam("nobody")
        assert made.state_dir.stat().st_uid == nobody.pw_uid
        assert (made.tokens.stat().st_uid, made.tokens.stat().st_gid) == (0, nobody.pw_gid)


def test_again_it_touches_nothing(top: Path) -> None:
    assert init(top).exit_code == 0
    before = snapshot(top)
    again = init(top, "--address", "127.0.0.1:9", "--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout)["made"] == []
    assert json.loads(again.stdout)["invite"] is None
    assert snapshot(top) == before


def test_it_makes_only_what_is_missing(top: Path) -> None:
    assert init(top).exit_code == 0
    before = snapshot(top)
    (top / "tokens").unlink()
    again = json.loads(init(top, "--json").stdout)
    assert again["made"] == [str(top / "tokens")]
    assert again["invite"]
    after = snapshot(top)
    del before[str(top / "tokens")], after[str(top / "tokens")]
    assert after == before


def test_a_second_room_shares_and_has_its_own(top: Path) -> None:
    assert init(top).exit_code == 0
    before = snapshot(top)
    assert init(top, room="ops").exit_code == 0
    assert snapshot(top).items() >= before.items()
    first, second = (config.load(top / f"{room}.toml", room) for room in ("main", "ops"))
    assert second.tokens == first.tokens
    assert second.listen.certificate == first.listen.certificate
    assert second.state_dir != first.state_dir
    assert second.service.run_dir != first.service.run_dir
    ports = [parse_address(one.listen.addresses[0])[1] for one in (first, second)]
    assert ports[0] != ports[1]


def test_a_port_in_use_is_known() -> None:
    with socket.create_server(("0.0.0.0", 0)) as busy:
        port = busy.getsockname()[1]
        assert acceptor.is_open(f"0.0.0.0:{port}")
        assert acceptor.is_open(f"127.0.0.1:{port}")
    assert not acceptor.is_open(f"0.0.0.0:{port}")


@pytest.mark.parametrize(
    "words",
    [
        ["--tls", "off"],
        ["--tls", "required", "--compat"],
        ["--address", "example.org:7722"],
        ["--address", "127.0.0.1:0"],
        ["--first", "No Name"],
        ["--host", "chat.example.org:7722"],
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_made(top: Path, words: list[str]) -> None:
    result = init(top, *words)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert not top.exists()


def test_compat_makes_encryption_optional(top: Path) -> None:
    assert init(top, "--compat").exit_code == 0
    made = config.load(top / "main.toml", "main")
    assert (made.listen.tls, made.listen.papayachat_compat) == ("optional", True)


def test_half_a_certificate_is_refused(top: Path) -> None:
    top.mkdir()
    (top / "cert.pem").write_text("something")
    result = init(top)
    assert result.exit_code == 78
    assert os.listdir(top) == ["cert.pem"]


@pytest.mark.skipif(not AS_ROOT, reason="only root has a service user to make")
def test_a_missing_service_user_is_told_with_the_command_that_makes_it(top: Path) -> None:
    result = init(top, "--user", "no-such-user", "--group", "no-such-group")
    assert result.exit_code == 78
    assert "useradd --system --gid no-such-group" in result.stderr
    assert not top.exists()


@pytest.mark.skipif(not AS_ROOT, reason="only root gives a room to somebody else")
def test_a_place_that_the_service_cannot_reach_is_refused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    result = init(closed / "room")
    assert result.exit_code == 78
    assert "cannot pass" in result.stderr
    assert os.listdir(closed) == []


@pytest.mark.skipif(AS_ROOT, reason="root may write everywhere")
def test_without_the_right_to_write_it_says_so(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    result = init(tmp_path / "room")
    tmp_path.chmod(0o700)
    assert result.exit_code == 77


@pytest.mark.skipif(not AS_ROOT, reason="only root gives files away")
def test_nobodys_link_is_followed(top: Path, tmp_path: Path) -> None:
    """In a directory of the service: nothing behind a link is made, changed or given away."""
    precious = tmp_path / "precious"
    precious.mkdir(mode=0o700)
    (precious / "file").write_text("kept")
    (precious / "file").chmod(0o600)
    top.mkdir()
    for name in ("state", "run"):
        (top / name).symlink_to(precious)
    for name in ("tokens", ".tokens.new", "key.pem"):
        (top / name).symlink_to(precious / "file")
    shutil.chown(top, "nobody", "nogroup")
    before = snapshot(precious)
    assert init(top).exit_code != 0
    assert snapshot(precious) == before
    assert (precious.stat().st_uid, mode(precious), mode(precious / "file")) == (0, 0o700, 0o600)


@pytest.mark.skipif(not AS_ROOT, reason="only root gives files away")
def test_a_room_in_a_directory_of_the_service(top: Path) -> None:
    top.mkdir()
    shutil.chown(top, "nobody", "nogroup")
    assert init(top).exit_code == 0
    assert config.load(top / "main.toml", "main").state_dir.owner() == "nobody"


@pytest.mark.skipif(not AS_ROOT, reason="only root gives files away")
def test_own_user_names_the_command_that_makes_it_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "none-such.toml"
    result = run("--config", str(path), "--room", "none-such", "init", "--own-user")
    assert result.exit_code == 78
    assert "useradd" in result.stderr and "papaya-none-such" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not AS_ROOT, reason="only root gives files away")
@pytest.mark.parametrize("below", [True, False])
def test_a_room_with_its_own_user_shares_no_file(tmp_path: Path, below: bool) -> None:
    chosen = dict.fromkeys(("tls", "compat", "host", "user", "group")) | {"own_user": True}
    directory = tmp_path if below else None
    ops = planned(tmp_path / "ops.toml", "ops", directory, ["127.0.0.1:7799"], chosen)
    assert (ops.service.user, ops.service.group) == ("papaya-ops", "papaya-ops")
    files = (ops.tokens, ops.bans, Path(ops.listen.certificate), Path(ops.listen.private_key))
    assert {file.parent for file in files} == {tmp_path / "ops"}
