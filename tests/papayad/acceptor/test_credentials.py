"""The token file as the acceptor sees it: looked at each time, read when it changed."""

from pathlib import Path

import pytest

from papayad.acceptor.credentials import Credentials
from papayad.errors import Fault
from papayad.state import tokens
from papayad.state.tokens import Token
from papayad.system.journal import Journal


class Lines(Journal):
    def __init__(self) -> None:
        super().__init__("main", "stderr")
        self.errors: list[str] = []

    def error(self, line: str) -> None:
        self.errors.append(line)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write(tmp_path / "tokens", alice="a" * 128)
    return tmp_path / "tokens"


def write(path: Path, **users: str) -> None:
    known = {}
    for user, token in users.items():
        digest = tokens.digest(token)
        known[digest] = Token(digest, user, 1)
    tokens.write_tokens(path, known)


def made(path: Path, journal: Lines | None = None) -> Credentials:
    return Credentials(path, path.with_name("bans"), journal or Lines())


def user(credentials: Credentials, token: str) -> str:
    found = credentials.known(token)
    return found.user if found else ""


def test_a_token_names_its_user(path: Path) -> None:
    credentials = made(path)
    assert user(credentials, "a" * 128) == "alice"
    assert user(credentials, "b" * 128) == ""
    assert user(credentials, "") == ""


def test_a_change_is_seen(path: Path) -> None:
    credentials = made(path)
    write(path, bob="b" * 128)
    assert user(credentials, "b" * 128) == "bob"
    assert user(credentials, "a" * 128) == ""


def test_a_right_that_was_taken_away_is_a_change(path: Path) -> None:
    """Refused while everybody could write himself in; mended by chmod alone."""
    credentials = made(path)
    write(path, bob="b" * 128)
    path.chmod(0o646)
    assert user(credentials, "b" * 128) == ""
    path.chmod(0o640)
    assert user(credentials, "b" * 128) == "bob"


@pytest.mark.parametrize("broken", [b"what is this\n", b"\xff\n", None])
def test_what_is_broken_is_said_once(path: Path, broken: bytes | None) -> None:
    journal = Lines()
    credentials = made(path, journal)
    path.unlink()
    if broken is not None:
        path.write_bytes(broken)
    for _ in range(3):
        assert user(credentials, "a" * 128) == "alice"
    assert len(journal.errors) == 1
    assert str(path) in journal.errors[0]
    write(path, bob="b" * 128)
    assert user(credentials, "b" * 128) == "bob"
    assert len(journal.errors) == 1


def test_nothing_starts_without_tokens(tmp_path: Path) -> None:
    with pytest.raises(Fault):
        made(tmp_path / "tokens")


def test_nothing_prints_a_token(path: Path) -> None:
    known = made(path).known("a" * 128)
    assert "a" * 128 not in repr(known)
