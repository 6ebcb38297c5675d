"""Bans: users, addresses and networks, until they expire, in a file that is read whole or not."""

from pathlib import Path

import pytest

from papayad.errors import CONFIGURATION, Fault
from papayad.state import bans
from papayad.state.bans import Ban, Bans

BANS = Bans([Ban("eve", 1), Ban("192.0.2.0/24", 1), Ban("2001:db8::7", 1), Ban("mallory", 1, 50)])


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("alice", "alice"),
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8::/64", "2001:db8::/64"),
        ("Alice", None),
        ("", None),
        ("a b", None),
        ("192.0.2.7/33", None),
    ],
)
def test_a_subject_is_a_user_or_a_network(text: str, subject: str | None) -> None:
    assert bans.subject_of(text) == subject


def test_who_is_kept_out() -> None:
    assert BANS.of_user("eve", 10)
    assert BANS.of_host("192.0.2.200", 10)
    assert BANS.of_host("2001:db8::7", 10)
    assert not BANS.of_user("alice", 10)
    assert not BANS.of_host("192.0.3.1", 10)
    assert not BANS.of_host("2001:db8::8", 10)


def test_a_ban_expires() -> None:
    assert BANS.of_user("mallory", 49)
    assert not BANS.of_user("mallory", 50)


def test_the_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    known = [Ban("eve", 1, 0, "says reason=nothing twice"), Ban("192.0.2.0/24", 2, 3), Ban("x", 1)]
    bans.write_bans(tmp_path / "bans", known)
    assert bans.read_bans(tmp_path / "bans") == known


def test_no_file_is_no_ban(tmp_path: Path) -> None:
    assert bans.read_bans(tmp_path / "bans") == []


@pytest.mark.parametrize(
    "line",
    [
        "eve",
        "eve created=yesterday",
        "Eve created=2026-11-22T00:00:00Z",
        "192.0.2.1/24 created=2026-11-22T00:00:00Z",
        "eve created=2026-11-22T00:00:00Z until=never",
    ],
)
def test_a_line_that_is_no_ban_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "bans").write_text(f"# bans\n\n{line}\n")
    with pytest.raises(Fault) as caught:
        bans.read_bans(tmp_path / "bans")
    assert caught.value.what.endswith("bans:3")
    assert caught.value.code == CONFIGURATION
