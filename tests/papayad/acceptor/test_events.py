"""In which order a turn of the acceptor serves what there is, and how much of it."""

import socket
from collections.abc import Iterator

import pytest

from papayad.acceptor.events import Events, Rank


class Crowd:
    """Sockets with something to read; who is served says so."""

    def __init__(self) -> None:
        self.events = Events()
        self.served: list[str] = []
        self.pairs: list[tuple[socket.socket, socket.socket]] = []

    def come(self, name: str, rank: Rank) -> socket.socket:
        ours, its = socket.socketpair()
        self.pairs.append((ours, its))
        its.send(b"x")
        self.events.add(ours, lambda: rank, lambda: self.served.append(name))
        return ours

    def turn(self) -> list[str]:
        self.served.clear()
        self.events.turn(0)
        return list(self.served)

    def close(self) -> None:
        for pair in self.pairs:
            for end in pair:
                end.close()


@pytest.fixture
def crowd() -> Iterator[Crowd]:
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
