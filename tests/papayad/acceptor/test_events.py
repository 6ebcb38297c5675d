"""In which order a turn of the acceptor serves what there is, and how much of it."""

import socket
from collections.abc import Iterator

import pytest

from papayad.acceptor.events import Events, Rank


class Crowd:
    """Sockets with something to read; who is served says so."""

    now = 1.0  # on a clock that goes on while somebody is served, and else stands still

    def __init__(self) -> None:
        self.events = Events()
        self.served: list[str] = []
        self.pairs: list[tuple[socket.socket, socket.socket]] = []

    def come(self, name: str, rank: Rank) -> socket.socket:
        ours, its = socket.socketpair()
        self.pairs.append((ours, its))
        its.send(b"x")
        self.events.add(ours, lambda: rank, lambda _: self._serve(name))
        return ours

    def _serve(self, name: str) -> None:
        self.served.append(name)
        Crowd.now += 0.001  # as long as a handshake

    def turn(self) -> list[str]:
        self.served.clear()
        self.events.turn(0)
        return list(self.served)

    def close(self) -> None:
        for pair in self.pairs:
            for end in pair:
                end.close()


@pytest.fixture
def crowd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crowd]:
    monkeypatch.setattr("papayad.acceptor.events.monotonic", lambda: Crowd.now)
    made = Crowd()
    yield made
    made.close()


def test_friends_and_those_who_proceed_come_before_strangers(crowd: Crowd) -> None:
    for rank in (Rank.NEWCOMERS, Rank.REFUSED, Rank.STRANGER, Rank.PROCEEDING, Rank.FRIEND):
        crowd.come(rank.name, rank)
    crowd.come("signals", Rank.OWN)
    assert crowd.turn() == ["signals", "FRIEND", "PROCEEDING", "STRANGER", "REFUSED", "NEWCOMERS"]


def test_the_last_come_first(crowd: Crowd) -> None:
    for name in "abc":
        crowd.come(name, Rank.STRANGER)
    assert crowd.turn() == ["c", "b", "a"]


def test_a_flood_gets_a_share_and_newcomers_their_turn(crowd: Crowd) -> None:
    crowd.come("listener", Rank.NEWCOMERS)
    for number in range(200):
        crowd.come(f"stranger {number}", Rank.STRANGER)
    served = crowd.turn()
    assert served[-1] == "listener"
    assert len(served) < 100
    crowd.come("friend", Rank.FRIEND)
    assert crowd.turn()[0] == "friend"


def test_what_is_watched_no_more_is_not_served(crowd: Crowd) -> None:
    gone, closed = crowd.come("gone", Rank.STRANGER), crowd.come("closed", Rank.STRANGER)
    closed.close()
    for _ in range(2):
        crowd.events.remove(gone)
        crowd.events.remove(closed)
    assert crowd.turn() == []


def test_the_first_of_a_crowd_do_not_wait_for_its_last(crowd: Crowd) -> None:
    """Though more come at each turn than are served at one."""
    first = [f"first {number}" for number in range(40)]
    for name in first:
        crowd.come(name, Rank.STRANGER)
    served: set[str] = set()
    for turn in range(80):
        for number in range(15):
            crowd.come(f"{turn}.{number}", Rank.STRANGER)
        served |= set(crowd.turn())
    assert served.issuperset(first)


def test_a_handler_is_told_how_long_there_was_something_to_read(crowd: Crowd) -> None:
    waited: list[float] = []
    ours, its = socket.socketpair()
    crowd.pairs.append((ours, its))
    crowd.events.add(ours, lambda: Rank.STRANGER, waited.append)
    for number in range(100):
        crowd.come(str(number), Rank.FRIEND)
    its.send(b"x")
    turns = 0
    while not waited:
        crowd.turn()
        turns += 1
    assert turns > 1 and waited[0] > 0
