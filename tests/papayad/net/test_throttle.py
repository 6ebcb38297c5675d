"""A burst at once, then the rate; time is the test's."""

import pytest

from papayad.net import throttle
from papayad.net.throttle import Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(throttle, "monotonic", made)
    return made


def test_a_burst_and_then_nothing(clock: Clock) -> None:
    one = Throttle(10.0, 5)
    assert [one.consume(3), one.consume(3), one.consume(3)] == [3, 2, 0]


def test_the_rate(clock: Clock) -> None:
    one = Throttle(10.0, 5)
    one.consume(5)
    clock.now += 0.25
    assert one.consume(100) == 2
    clock.now += 0.051  # the half that was left over counts
    assert one.consume(100) == 1


def test_no_more_than_a_burst_is_saved(clock: Clock) -> None:
    one = Throttle(10.0, 5)
    clock.now += 1e6
    assert one.consume(100) == 5
    assert one.consume(100) == 0


@pytest.mark.parametrize("rate", [0.01, 1.0, 20.0, 1e6])
def test_who_waits_as_told_gets_one(clock: Clock, rate: float) -> None:
    one = Throttle(rate, 1)
    assert one.wait() == 0.0
    for _ in range(100):
        assert one.consume(1) == 1
        assert one.consume(1) == 0
        assert one.wait() > 0.0
        clock.now += one.wait() + 1e-6
