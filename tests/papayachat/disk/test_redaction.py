"""What the room redacts is redacted in the copy, and nothing of the copy is lost by it."""

from pathlib import Path

import pytest

from papayachat.disk.replica import Replica
from papayachat.stream import terminal
from papayachat.stream.cursor import Cursor
from papayachat.stream.splitter import Line
from papayad.formats import record
from papayad.formats.redaction import Redaction, redact

LOG, OTHER = "0" * 31 + "1", "f" * 32


def line(sender: str, text: str, at: int = 0) -> bytes:
    return record.render(record.stamp(at), sender, "-", text)


SAID = [line(who, f"secret {n} of {who}", n) for n, who in enumerate(("alice", "bob") * 5)]
WHOLE = b"".join(SAID)


def told(sender: str, start: int, stop: int) -> bytes:
    return line("*", Redaction(sender, start, stop).text())


def content(replica: Replica) -> bytes:
    return b"".join(each.raw for each in replica.lines())


def redacted(sender: str, start: int = 0, stop: int = len(WHOLE)) -> bytes:
    """The log as the server has it then."""
    found, at = [], 0
    for each in SAID:
        is_meant = start <= at < stop and each.split()[1] == sender.encode()
        found.append(redact(each) if is_meant else each)
        at += len(each)
    return b"".join(found)


@pytest.fixture
def replica(tmp_path: Path) -> Replica:
    own = Replica(tmp_path)
    own.keep(Cursor(LOG, 0), WHOLE)
    return own


@pytest.mark.parametrize("bounds", [(0, len(WHOLE)), (len(SAID[0]), len(WHOLE) - 80), (5, 5)])
def test_all_of_somebody_between_two_places(replica: Replica, bounds: tuple[int, int]) -> None:
    """Guards: both bounds, and the sender."""
    news = told("bob", *bounds)
    replica.keep(Cursor(LOG, len(WHOLE)), news)
    assert content(replica) == redacted("bob", *bounds) + news


def test_one_record(replica: Replica) -> None:
    start = len(SAID[0])
    news = told("bob", start, start + len(SAID[1]))
    replica.keep(Cursor(LOG, len(WHOLE)), news)
    assert content(replica) == SAID[0] + redact(SAID[1]) + b"".join(SAID[2:]) + news


def test_another_log_is_left_alone(replica: Replica) -> None:
    replica.keep(Cursor(OTHER, 0), told("bob", 0, len(WHOLE)))
    assert content(replica).startswith(WHOLE)


def test_what_a_user_says_redacts_nothing(replica: Replica) -> None:
    replica.keep(Cursor(LOG, len(WHOLE)), line("mallory", "redacted bob 0 9999"))
    assert content(replica).startswith(WHOLE)


def test_pieces_with_holes_between_them(tmp_path: Path) -> None:
    """Guards: looking into every extent, each from its own begin on."""
    own = Replica(tmp_path)
    places = [sum(map(len, SAID[:n])) for n in range(len(SAID) + 1)]
    for first, last in ((0, 2), (5, 7)):
        own.keep(Cursor(LOG, places[first]), b"".join(SAID[first:last]))
    own.keep(Cursor(LOG, len(WHOLE)), told("bob", 0, len(WHOLE)))
    kept = redacted("bob")
    assert content(own).startswith(
        kept[: places[2]] + kept[places[5] : places[7]] + line("*", "")[:10]
    )


def test_a_copy_is_written_by_two(replica: Replica, tmp_path: Path) -> None:
    """Guards: that who reads the log as it is now cuts nothing of what another one has."""
    other = Replica(tmp_path)
    news = told("alice", 0, len(WHOLE))
    other.keep(Cursor(LOG, 0), redacted("alice") + news)
    assert content(replica) == redacted("alice")
    replica.keep(Cursor(LOG, len(WHOLE)), news + line("bob", "on"))
    assert content(replica) == redacted("alice") + news + line("bob", "on")


def test_who_reads_what_was_sent_before_restores_nothing(replica: Replica) -> None:
    """The bytes were on their way when they were redacted."""
    replica.keep(Cursor(LOG, len(WHOLE)), told("bob", 0, len(WHOLE)))
    replica.keep(Cursor(LOG, 0), WHOLE)
    assert content(replica).startswith(redacted("bob"))


def test_an_older_state_is_still_told_from_a_redaction(replica: Replica) -> None:
    """Guards: that only the same record, redacted, is taken for it."""
    other = line("alice", "secret 0 of aliCe", 1)
    replica.keep(Cursor(LOG, 0), other)
    assert content(replica) == other


def test_a_person_is_told() -> None:
    said = terminal.spoken(Line(0, told("bob", 1, 2)))
    assert said.endswith("* something that bob said was redacted")
