"""A redacted record is as long as it was, and says nothing."""

import pytest

from papayad.formats import record, redaction
from papayad.formats.redaction import Redaction

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import given  # noqa: E402
from hypothesis import strategies as some  # noqa: E402

STAMP = "2026-11-22T21:53:01.123456Z"


def line(text: str, sender: str = "alice", id: str = "k3x9") -> bytes:
    return record.render(STAMP, sender, id, text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("hello, world, hello", "[redacted]         "),
        ("0123456789", "[redacted]"),
        ("hello", "[reda"),
        ("x", "["),
        ("two  spaces ", "[redacted]  "),
    ],
)
def test_nothing_is_left_of_the_text(text: str, left: str) -> None:
    assert redaction.redact(line(text)) == line(left)
    assert redaction.is_redacted(line(left))
    assert not redaction.is_redacted(line(text))


@given(some.text(min_size=1).map(record.clean).filter(bool))
def test_of_any_text(text: str) -> None:
    """It stays a record of the same sender, moment and ID, and no byte moves."""
    before = line(text)
    after = redaction.redact(before)
    said = record.parse(after[:-1])
    assert len(after) == len(before)
    assert said and (said.stamp, said.sender, said.id) == (STAMP, "alice", "k3x9")
    assert redaction.is_redacted(after)
    assert redaction.redact(after) == after


@pytest.mark.parametrize("other", [b"", b"\n", b"garbage\n", b"2026 alice k3x9\n", b"a b c torn"])
def test_what_is_no_record_stays(other: bytes) -> None:
    assert redaction.redact(other) == other


@pytest.mark.parametrize("told", [Redaction("alice", 0, 1), Redaction("*", 10**18, 10**18 + 5)])
def test_a_redaction_is_parsed_as_it_was_told(told: Redaction) -> None:
    assert redaction.parse(told.text()) == told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "redacted",
        "redacted alice 1",
        "redacted alice 1 2 3",
        "redacted Alice 1 2",
        "redacted alice -1 2",
        "redacted alice ² 2",
        f"redacted alice 1 {'9' * 20}",
        "notice redacted alice 1 2",
        "join alice",
    ],
)
def test_what_tells_of_none(text: str) -> None:
    assert redaction.parse(text) is None


def test_only_the_server_tells_of_it() -> None:
    """Guards: looking at who says it."""
    forged = line("redacted alice 0 99", sender="mallory", id="-")
    quoted = line(" * - redacted alice 0 99", sender="mallory")
    told = line("redacted alice 5 99", sender="*", id="-")
    assert list(redaction.told_in(forged + quoted + line("x"))) == []
    assert list(redaction.told_in(forged + told + quoted)) == [Redaction("alice", 5, 99)]
