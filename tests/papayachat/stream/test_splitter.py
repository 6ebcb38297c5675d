"""The splitter: any chunking of the same bytes gives the same items and the same cursor."""

import random

import pytest

from papayachat.stream.splitter import LINE_BYTES, Line, Splitter
from papayad.formats import record, wire
from papayad.formats.wire import Notice, ProtocolError

START = 4711


def random_stream(dice: random.Random) -> tuple[bytes, list[Line | Notice], int]:
    """Bytes, the items that they are, and the cursor after them."""
    data, offset = b"", START
    items: list[Line | Notice] = []
    for _ in range(dice.randrange(20)):
        kind = dice.random()
        if kind < 0.7:
            text = "".join(dice.choices("a \u00e9\u2028\U0001f600!", k=dice.randrange(1, 40)))
            raw = record.render(record.stamp(dice.random() * 2e9), "alice", "k3x9", text)
            items.append(Line(offset, raw))
            offset += len(raw)
        else:
            notice = (
                Notice("pong", "x") if kind < 0.9 else Notice("gap", str(dice.randrange(10**9)))
            )
            raw = wire.render_notice(notice)
            items.append(notice)
            offset = int(notice.rest) if notice.word == "gap" else offset
        data += raw
    return data, items, offset


def chunks(data: bytes, dice: random.Random) -> list[bytes]:
    cuts = sorted(dice.choices(range(len(data) + 1), k=dice.randrange(30)))
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]


@pytest.mark.parametrize("seed", range(200))
def test_any_chunking_gives_the_same(seed: int) -> None:
    dice = random.Random(seed)
    data, items, offset = random_stream(dice)
    splitter = Splitter(START)
    assert [item for chunk in chunks(data, dice) for item in splitter.feed(chunk)] == items
    assert splitter.offset == offset


@pytest.mark.parametrize("seed", range(50))
def test_a_cut_loses_nothing_and_repeats_nothing(seed: int) -> None:
    """Whoever resumes at the cursor of a cut stream gets exactly the rest."""
    dice = random.Random(seed)
    log = b"".join(
        record.render(record.stamp(at), "bob", "-", "x" * dice.randrange(1, 30)) for at in range(9)
    )
    first = Splitter(0)
    got = first.feed(log[: dice.randrange(len(log) + 1)])
    got += Splitter(first.offset).feed(log[first.offset :])
    assert b"".join(item.raw for item in got if isinstance(item, Line)) == log


def test_a_partial_line_does_not_count() -> None:
    splitter = Splitter(0)
    assert splitter.feed(b"2026-11-22T21:53:01.123456Z alice k3x9 hel") == []
    assert splitter.offset == 0


def test_a_line_that_is_no_record_counts() -> None:
    splitter = Splitter(0)
    (line,) = splitter.feed(b"\xff what\n")
    assert isinstance(line, Line) and line.record() is None
    assert splitter.offset == 7


def test_a_line_without_an_end_is_no_papayad() -> None:
    splitter = Splitter(0)
    with pytest.raises(ProtocolError):
        splitter.feed(b"x" * (LINE_BYTES + 1))


def test_a_gap_without_an_offset_is_no_papayad() -> None:
    with pytest.raises(ProtocolError):
        Splitter(0).feed(b"! gap soon\n")
