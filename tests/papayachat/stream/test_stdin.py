"""Typed: lines are taken one by one, and no further is read than messages can go on."""

import os
from collections.abc import Iterator

import pytest

from papayachat.stream.stdin import MOST_WAITING, Typed


class Pipe:
    def __init__(self) -> None:
        descriptor, self.end = os.pipe()
        self.typed = Typed(descriptor)

    def write(self, data: bytes) -> None:
        os.write(self.end, data)
        self.typed.fill()

    def close(self) -> None:
        os.close(self.end)
        self.typed.fill()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    os.close(made.typed.descriptor)


def test_a_line_is_whole_or_the_last(pipe: Pipe) -> None:
    pipe.write(b"one\ntw")
    assert list(pipe.typed.lines([])) == [b"one"]
    pipe.write(b"o\nthree")
    assert list(pipe.typed.lines([])) == [b"two"]
    pipe.close()
    assert not pipe.typed.ended
    assert list(pipe.typed.lines([])) == [b"three"]
    assert pipe.typed.ended


def test_more_is_awaited_when_there_is_no_whole_line_and_may_be_one(pipe: Pipe) -> None:
    assert pipe.typed.awaited([]) == {pipe.typed.descriptor}
    pipe.write(b"one\n")
    assert pipe.typed.awaited([]) == set()
    assert pipe.typed.next_line() == b"one"
    assert pipe.typed.awaited([]) == {pipe.typed.descriptor}
    pipe.close()
    assert pipe.typed.awaited([]) == set()


def test_nothing_is_taken_while_too_much_waits(pipe: Pipe) -> None:
    waiting = [b""] * (MOST_WAITING - 2)
    assert pipe.typed.awaited(waiting)
    pipe.write(b"one\ntwo\nthree\n")
    for line in pipe.typed.lines(waiting):
        waiting.append(line)
    assert waiting[-2:] == [b"one", b"two"]
    assert pipe.typed.awaited(waiting) == set()
    assert list(pipe.typed.lines(waiting[:-1])) == [b"three"]
    assert pipe.typed.awaited(waiting) == set()
