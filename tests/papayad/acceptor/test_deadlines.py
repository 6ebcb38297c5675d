"""Deadlines: each once, the earliest first, and nothing stays of what was forgotten."""

import gc
import weakref

from papayad.acceptor.deadlines import Deadlines


class Member:
    """Something that one can wait for, and see go."""


def test_the_earliest_comes_first() -> None:
    deadlines = Deadlines[str]()
    for member, deadline in (("late", 3.0), ("early", 1.0), ("moved", 0.5)):
        deadlines.set(member, deadline)
    deadlines.set("moved", 2.0)
    assert deadlines.next() == 1.0
    assert list(deadlines.overdue(2.5)) == ["early", "moved"]
    assert deadlines.next() == 3.0


def test_one_that_is_overdue_may_get_another() -> None:
    deadlines = Deadlines[str]()
    deadlines.set("a", 1.0)
    for member in deadlines.overdue(1.0):
        deadlines.set(member, 2.0)
    assert deadlines.next() == 2.0


def test_who_has_none_is_forgotten_without_ado() -> None:
    deadlines = Deadlines[str]()
    deadlines.forget("nobody")
    assert deadlines.next() is None


def test_nothing_stays_of_the_forgotten() -> None:
    """Of a flood, ten thousand within the five seconds that each of them might have stayed."""
    deadlines = Deadlines[Member]()
    first = Member()
    deadlines.set(first, 0.0)
    gone = weakref.ref(first)
    deadlines.forget(first)
    del first
    gc.disable()
    try:
        assert gone() is None
    finally:
        gc.enable()
    for _ in range(10_000):
        member = Member()
        deadlines.set(member, 1.0)
        deadlines.forget(member)
    assert len(deadlines._heap) < 2000
