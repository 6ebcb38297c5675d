"""The outbox: what is on disk, whose it is, and what a torn line means."""

import pytest

from papayachat.disk import outboxes
from papayachat.disk.outbox import Outbox
from papayachat.stream.cursor import Cursor
from papayachat.stream.draft import Draft

ONE, TWO = Draft("1" * 16, "one\u2028more"), Draft("2" * 16, "two")


def taken(session: str = "session", recipient: str = "alice@here") -> Outbox:
    box = outboxes.acquire(session, recipient)
    assert box is not None
    return box


def left() -> Outbox:
    """One with a message that left and one that did not, whose owner is gone."""
    box = taken()
    box.post(ONE)
    box.note_sent([ONE], Cursor("f" * 32, 7))
    box.post(TWO)
    box.close()
    return box


def test_what_was_left_is_found_with_its_cursor() -> None:
    left()
    (box,) = outboxes.abandoned("alice@here")
    assert list(box.drafts.values()) == [ONE, TWO]
    assert box.cursor == Cursor("f" * 32, 7)
    assert list(box.sent) == [ONE.id]
    box.discard()


def test_what_is_held_is_not_found() -> None:
    box = taken()
    box.post(ONE)
    assert outboxes.abandoned("alice@here") == []
    assert outboxes.acquire("session", "alice@here") is None
    box.discard()
    assert taken().drafts == {}


def test_what_is_put_away_is_kept_while_something_waits() -> None:
    box = taken()
    box.post(ONE)
    assert box.put_away() == 1
    (box,) = outboxes.abandoned("alice@here")
    box.done(ONE.id)
    assert box.put_away() == 0
    assert not (outboxes.directory() / "session").exists()


def test_what_is_for_somebody_else_is_not_touched() -> None:
    left()
    assert outboxes.abandoned("bob@there") == []
    assert (outboxes.directory() / "session").exists()


def test_an_empty_one_is_removed() -> None:
    taken().close()
    assert outboxes.abandoned("alice@here") == []
    assert list(outboxes.directory().iterdir()) == []


@pytest.mark.parametrize("torn", [b'{"id": "3333', b"\0" * 100, b"\0\xff\n", b"[]\n"])
def test_a_torn_line_is_no_message(torn: bytes) -> None:
    path = left().path
    path.write_bytes(path.read_bytes() + torn)
    box = taken()
    assert list(box.drafts) == [ONE.id, TWO.id]
    box.post(Draft("4" * 16, "four"))
    box.close()
    assert list(taken().drafts) == [ONE.id, TWO.id, "4" * 16]


def test_done_is_done_and_an_empty_one_does_not_grow() -> None:
    left()
    box = taken()
    box.done(ONE.id)
    assert box.cursor is None
    box.done(TWO.id)
    size = box.path.stat().st_size
    box.post(ONE)
    box.done(ONE.id)
    assert box.path.stat().st_size == size
