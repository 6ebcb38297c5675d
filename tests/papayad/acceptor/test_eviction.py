"""Who waits, until when, and who goes when there are too many."""

import socket
from collections import Counter
from collections.abc import Iterator

import pytest

from papayad.acceptor.eviction import Eviction
from papayad.acceptor.pending import Pending

ADDRESS = ("203.0.113.7", 51234)


@pytest.fixture
def stub() -> Iterator[socket.socket]:
    with socket.socket() as made:
        yield made


@pytest.fixture
def eviction() -> Eviction:
    return Eviction()


def test_sources_are_counted(eviction: Eviction, stub: socket.socket) -> None:
    ones = [Pending(stub, ADDRESS, source, 1.0) for source in ("a", "b", "a")]
    for one in ones:
        eviction.add(one)
    assert (len(eviction), eviction.held_by("a"), eviction.held_by("b")) == (3, 2, 1)
    assert set(eviction) == set(ones)
    eviction.remove(ones[0])
    eviction.remove(ones[1])
    assert (len(eviction), eviction.held_by("a"), eviction.held_by("b")) == (1, 1, 0)


def test_deadlines(eviction: Eviction, stub: socket.socket) -> None:
    late, early, gone = (Pending(stub, ADDRESS, "a", deadline) for deadline in (3.0, 1.0, 0.5))
    for one in (late, early, gone):
        eviction.add(one)
    eviction.remove(gone)
    assert eviction.next_deadline() == 1.0
    assert list(eviction.overdue(0.9)) == []
    for one in eviction.overdue(1.0):
        assert one is early
        eviction.wake_at(5.0, one)
    assert eviction.next_deadline() == 3.0
    for one in eviction.overdue(10.0):
        eviction.remove(one)
    assert eviction.next_deadline() is None
    assert len(eviction) == 0


def test_a_deadline_that_was_moved_counts_once(eviction: Eviction, stub: socket.socket) -> None:
    one = Pending(stub, ADDRESS, "a", 1.0)
    eviction.add(one)
    eviction.wake_at(2.0, one)
    assert list(eviction.overdue(1.5)) == []
    for found in eviction.overdue(2.5):
        assert found is one
        eviction.remove(one)
    assert eviction.next_deadline() is None


def fill(eviction: Eviction, stub: socket.socket, **counts: int) -> None:
    for source, count in counts.items():
        for _ in range(count):
            eviction.add(Pending(stub, ADDRESS, source, 1.0))


def victims(eviction: Eviction) -> Counter[str]:
    return Counter(eviction.victim().source for _ in range(200))


def test_the_source_that_holds_most_loses(eviction: Eviction, stub: socket.socket) -> None:
    fill(eviction, stub, few=2, most=3, one=1)
    assert victims(eviction) == {"most": 200}


def test_of_equals_it_is_chance(eviction: Eviction, stub: socket.socket) -> None:
    fill(eviction, stub, a=2, b=2, c=1)
    assert set(victims(eviction)) == {"a", "b"}
    assert len({id(eviction.victim()) for _ in range(200)}) == 4


def test_who_authenticated_lately_comes_last(eviction: Eviction, stub: socket.socket) -> None:
    fill(eviction, stub, friend=9, stranger=1)
    eviction.authenticated("friend")
    assert victims(eviction) == {"stranger": 200}
    fill(eviction, stub, other=1)
    eviction.authenticated("stranger")
    eviction.authenticated("other")
    assert victims(eviction) == {"friend": 200}


def test_a_source_loses_one_of_its_own(eviction: Eviction, stub: socket.socket) -> None:
    fill(eviction, stub, a=2, b=20)
    assert {eviction.victim_of("a").source for _ in range(50)} == {"a"}


def test_not_every_friend_is_remembered(eviction: Eviction, stub: socket.socket) -> None:
    for number in range(10_000):
        eviction.authenticated(str(number))
    fill(eviction, stub, **{"0": 1, "9999": 1})
    assert victims(eviction) == {"0": 200}


def test_too_many_handshakes_are_too_much_memory(
    eviction: Eviction, stub: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("papayad.acceptor.eviction._SHAKING_AT_MOST", 10)
    fill(eviction, stub, friend=6, stranger=5)
    eviction.authenticated("friend")
    for one in eviction:
        assert eviction.shaking_victim() is None
        eviction.shakes(one)
        eviction.shakes(one)
    victims = [eviction.shaking_victim() for _ in range(200)]
    sources = Counter(victim.source for victim in victims if victim)
    assert sources["stranger"] > 150 and sources.total() == 200
    assert victims[0]
    eviction.remove(victims[0])
    assert eviction.shaking_victim() is None
