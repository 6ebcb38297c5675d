"""The acceptor's tokens: found by their digests, and not in the memory of what it forks."""

import os
import signal
from pathlib import Path

import pytest

from lab.kit.machine import dump
from lab.kit.processes import fork
from lab.kit.room import ROOT, wait_for
from papayad.errors import CONFIGURATION, NO_PERMISSION, TRY_AGAIN, Fault
from papayad.state import token_table
from papayad.state.token_table import TokenTable
from papayad.state.tokens import Token, digest, new_token, read_tokens, write_tokens


def made(path: Path, count: int) -> dict[str, Token]:
    """A file of so many tokens."""
    digests = [digest(new_token()) for _ in range(count)]
    known = {one: Token(one, f"user{n}", 1 + n, n % 3) for n, one in enumerate(digests)}
    write_tokens(path, known)
    return known


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100])
def test_each_token_is_found_and_no_other(tmp_path: Path, count: int) -> None:
    path = tmp_path / "tokens"
    known = made(path, count)
    table = TokenTable(path)
    assert {one: table.get(one) for one in known} == read_tokens(path) == known
    for stranger in ("0" * 64, "f" * 64, digest(new_token())):
        assert table.get(stranger) is None
    for one in known:
        assert table.get(f"{int(one, 16) ^ 1:064x}") is None


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    with pytest.raises(Fault) as missing:
        TokenTable(path)
    assert missing.value.code in (CONFIGURATION, NO_PERMISSION)
    path.write_text("no token\n")
    with pytest.raises(Fault) as broken:
        TokenTable(path)
    with pytest.raises(Fault) as expected:
        read_tokens(path)
    assert str(broken.value) == str(expected.value)
    assert broken.value.code == CONFIGURATION


def test_no_process_to_be_had_is_for_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "tokens", 1)

    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(Fault) as caught:
        TokenTable(tmp_path / "tokens")
    assert caught.value.code == TRY_AGAIN


@pytest.mark.skipif(not ROOT, reason="looks into other processes")
@pytest.mark.skipif(token_table._NOT_INHERITED is None, reason="Linux only")
def test_a_child_has_none_of_it(tmp_path: Path) -> None:
    """Made by a process that never had the digests itself: the test's own would be inherited."""
    path, told = tmp_path / "tokens", tmp_path / "told"

    def acceptor() -> None:
        table = TokenTable(path)
        child = fork(signal.pause)
        told.write_text(f"{child} {len(table)}")
        signal.pause()

    writer = fork(lambda: write(path, 50))
    os.waitpid(writer, 0)
    pid = fork(acceptor)
    wait_for(lambda: told.exists() and told.read_text())
    child, count = map(int, told.read_text().split())
    try:
        secrets = [bytes.fromhex(one) for one in read_tokens(path)]
        secrets += [one.encode() for one in read_tokens(path)]
        assert count == 50
        assert len(dump.holds(pid, secrets)) == 50
        assert dump.holds(child, secrets) == []
    finally:
        for one in (child, pid):
            os.kill(one, signal.SIGKILL)
        os.waitpid(pid, 0)


def write(path: Path, count: int) -> None:
    made(path, count)
