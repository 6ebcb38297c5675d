"""The token file: names users by digests, and gives no token back."""

import os
from pathlib import Path

import pytest

from papayad.errors import CONFIGURATION, Fault
from papayad.state import tokens
from papayad.state.tokens import Token

DIGEST = "0123456789abcdef" * 4
CREATED = 1795384381  # 2026-11-22T21:53:01Z


def test_a_new_token_is_512_random_bits() -> None:
    token = tokens.new_token()
    assert len(bytes.fromhex(token)) == 64
    assert token == token.lower()
    assert token != tokens.new_token()


def test_the_digest_is_sha256() -> None:
    assert (
        tokens.digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    first = Token(DIGEST, "alice", CREATED)
    second = Token(DIGEST[::-1], "alice", CREATED, expires=CREATED + 60)
    tokens.write_tokens(path, {token.digest: token for token in (first, second)})
    assert tokens.read_tokens(path) == {first.digest: first, second.digest: second}
    assert path.read_text().splitlines()[1:] == [
        f"{first.digest} alice created=2026-11-22T21:53:01Z",
        f"{second.digest} alice created=2026-11-22T21:53:01Z expires=2026-11-22T21:54:01Z",
    ]


def test_the_file_is_for_the_group_and_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    old = os.umask(0)
    try:
        tokens.write_tokens(path, {})
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_file_holds_no_token(tmp_path: Path) -> None:
    path, secret = tmp_path / "tokens", tokens.new_token()
    digest = tokens.digest(secret)
    tokens.write_tokens(path, {digest: Token(digest, "alice", CREATED)})
    assert secret not in path.read_text()


def test_empty_lines_and_comments_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# a comment\n\n  \n{DIGEST} alice created=2026-11-22T21:53:01Z\n")
    assert list(tokens.read_tokens(path)) == [DIGEST]


@pytest.mark.parametrize(
    "line",
    [
        f"{DIGEST} alice",
        f"{DIGEST} Alice created=2026-11-22T21:53:01Z",
        f"{DIGEST[1:]} alice created=2026-11-22T21:53:01Z",
        f"{DIGEST[1:]}x alice created=2026-11-22T21:53:01Z",
        f"{DIGEST} alice created=yesterday",
        f"{DIGEST} alice expires=2026-11-22T21:53:01Z",
        f"{DIGEST} alice created=2026-11-22T21:53:01Z expired=2026-11-22T21:53:01Z",
        f"{DIGEST} alice created=2026-11-22T21:53:01Z user=2026-11-22T21:53:01Z",
        f"{DIGEST} alice created=2026-11-22T21:53:01Z expires=",
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# first\n{line}\n")
    with pytest.raises(Fault, match="not a token") as caught:
        tokens.read_tokens(path)
    assert caught.value.what == f"{path}:2"
    assert caught.value.code == CONFIGURATION


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="No such file") as caught:
        tokens.read_tokens(tmp_path / "tokens")
    assert caught.value.code == CONFIGURATION


def test_a_file_that_is_not_utf8_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    path.write_bytes(b"\xff\n")
    with pytest.raises(Fault, match="not UTF-8"):
        tokens.read_tokens(path)


def test_a_token_is_valid_until_it_expires() -> None:
    token = Token(DIGEST, "alice", CREATED, expires=CREATED + 60)
    assert token.valid_at(CREATED + 59.9)
    assert not token.valid_at(CREATED + 60)
    assert Token(DIGEST, "alice", CREATED).valid_at(float(10**12))


def test_a_token_is_named_by_a_part_of_its_digest() -> None:
    assert Token(DIGEST, "alice", CREATED).id == "01234567"
