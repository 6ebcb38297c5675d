"""Lines out of chunks, whatever the chunks are, and never more than a line kept."""

import random

import pytest

from papayad.cluster.lines import Splitter, TooLong


def split(limit: int, *chunks: bytes) -> list[bytes | TooLong]:
    splitter = Splitter(limit)
    return [line for chunk in chunks for line in splitter.split(chunk)]


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([b""], []),
        ([b"a"], []),
        ([b"a\n"], [b"a"]),
        ([b"\n\n"], [b"", b""]),
        ([b"a", b"b", b"\n"], [b"ab"]),
        ([b"a\nb", b"c\n\nd"], [b"a", b"bc", b""]),
        ([b"1234\n"], [b"1234"]),
        ([b"1234", b"\n"], [b"1234"]),
        ([b"12345\nb\n"], [TooLong(b"12345"), b"b"]),
        ([b"12345", b"\nb\n"], [TooLong(b"12345"), b"b"]),
        ([b"1234", b"5", b"6", b"7\n", b"b\n"], [TooLong(b"12345"), b"b"]),
        ([b"1234", b"5\n", b"\n"], [TooLong(b"12345"), b""]),
        ([b"12345" * 9, b"\r\r\n"], [TooLong(b"12345" * 9)]),
    ],
)
def test_chunks_and_lines(chunks: list[bytes], lines: list[bytes | TooLong]) -> None:
    assert split(4, *chunks) == lines


def test_a_long_line_is_told_before_it_ends() -> None:
    assert split(4, b"12345") == [TooLong(b"12345")]


def test_the_start_of_a_long_line_is_enough_for_its_id() -> None:
    (line,) = split(100, b"MSG 0123456789abcdef " + b"x" * 200)
    assert isinstance(line, TooLong)
    assert line.start.startswith(b"MSG 0123456789abcdef x")
    assert len(line.start) == 64


def test_any_cut_gives_the_same_lines() -> None:
    chance = random.Random(1)
    for _ in range(200):
        data = bytes(chance.choices(b"ab\n", (4, 4, 1), k=200))
        cuts = sorted(chance.choices(range(200), k=chance.randrange(20)))
        chunks = [data[low:high] for low, high in zip([0, *cuts], [*cuts, 200], strict=True)]
        whole = [line if len(line) <= 8 else TooLong(b"") for line in data.split(b"\n")[:-1]]
        if len(data.rpartition(b"\n")[2]) > 8:
            whole.append(TooLong(b""))
        found = split(8, *chunks)
        assert [TooLong(b"") if isinstance(line, TooLong) else line for line in found] == whole


def test_nothing_grows() -> None:
    splitter = Splitter(100)
    for _ in range(1000):
        list(splitter.split(b"x" * 60_000))
    assert len(splitter._partial) <= 100
