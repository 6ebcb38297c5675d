"""Who waits, until when, and who goes when there are too many."""

import socket
from collections import Counter
from collections.abc import Iterator

import pytest

from papayad.acceptor.eviction import Admission, source_of
from papayad.acceptor.pending import Pending

ADDRESS = ("203.0.113.7", 51234)


@pytest.fixture
def stub() -> Iterator[socket.socket]:
    with socket.socket() as made:
        yield made


@pytest.fixture
def admission() -> Admission:
    return Admission()


def test_sources_are_counted(admission: Admission, stub: socket.socket) -> None:
    ones = [Pending(stub, ADDRESS, source, 1.0) for source in ("a", "b", "a")]
    for one in ones:
        admission.add(one)
    assert (len(admission), admission.held_by("a"), admission.held_by("b")) == (3, 2, 1)
    assert set(admission) == set(ones)
    admission.remove(ones[0])
    admission.remove(ones[1])
    assert (len(admission), admission.held_by("a"), admission.held_by("b")) == (1, 1, 0)


def test_deadlines(admission: Admission, stub: socket.socket) -> None:
    late, early, gone = (Pending(stub, ADDRESS, "a", deadline) for deadline in (3.0, 1.0, 0.5))
    for one in (late, early, gone):
        admission.add(one)
    admission.remove(gone)
    assert admission.next_deadline() == 1.0
    assert list(admission.overdue(0.9)) == []
    for one in admission.overdue(1.0):
        assert one is early
        admission.wake_at(5.0, one)
    assert admission.next_deadline() == 3.0
    for one in admission.overdue(10.0):
        admission.remove(one)
    assert admission.next_deadline() is None
    assert len(admission) == 0


def test_a_deadline_that_was_moved_counts_once(admission: Admission, stub: socket.socket) -> None:
    one = Pending(stub, ADDRESS, "a", 1.0)
    admission.add(one)
    admission.wake_at(2.0, one)
    assert list(admission.overdue(1.5)) == []
    for found in admission.overdue(2.5):
        assert found is one
        admission.remove(one)
    assert admission.next_deadline() is None


def fill(admission: Admission, stub: socket.socket, **counts: int) -> None:
    for source, count in counts.items():
        for _ in range(count):
            admission.add(Pending(stub, ADDRESS, source, 1.0))


def victims(admission: Admission) -> Counter[str]:
    return Counter(admission.victim().source for _ in range(200))


def test_the_source_that_holds_most_loses(admission: Admission, stub: socket.socket) -> None:
    fill(admission, stub, few=2, most=3, one=1)
    assert victims(admission) == {"most": 200}


def test_of_equals_it_is_chance(admission: Admission, stub: socket.socket) -> None:
    fill(admission, stub, a=2, b=2, c=1)
    assert set(victims(admission)) == {"a", "b"}
    assert len({id(admission.victim()) for _ in range(200)}) == 4


def test_who_authenticated_lately_comes_last(admission: Admission, stub: socket.socket) -> None:
    fill(admission, stub, friend=9, stranger=1)
    admission.authenticated("friend")
    assert victims(admission) == {"stranger": 200}
    fill(admission, stub, other=1)
    admission.authenticated("stranger")
    admission.authenticated("other")
    assert victims(admission) == {"friend": 200}


def test_a_source_loses_one_of_its_own(admission: Admission, stub: socket.socket) -> None:
    fill(admission, stub, a=2, b=20)
    assert {admission.victim_of("a").source for _ in range(50)} == {"a"}


def test_not_every_friend_is_remembered(admission: Admission, stub: socket.socket) -> None:
    for number in range(10_000):
        admission.authenticated(str(number))
    fill(admission, stub, **{"0": 1, "9999": 1})
    assert victims(admission) == {"0": 200}


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_what_a_cap_counts(host: str, source: str) -> None:
    assert source_of(host) == source
