"""A set that gives one at random, and keeps its members in any order of coming and going."""

import random

import pytest

from papayad.acceptor.bag import Bag


def test_it_holds_what_a_set_would() -> None:
    dice, bag, known = random.Random(1), Bag[str](), set[str]()
    for _ in range(2000):
        member = str(dice.randrange(20))  # equal to one in the bag, and not the same object
        if member in known:
            bag.remove(member)
            known.remove(member)
        else:
            bag.add(member)
            known.add(member)
        assert (set(bag), len(bag)) == (known, len(known))


def test_every_member_may_be_the_one() -> None:
    bag = Bag[int]()
    for member in range(4):
        bag.add(member)
    assert {bag.any() for _ in range(500)} == {0, 1, 2, 3}


def test_what_is_not_in_it_cannot_go() -> None:
    with pytest.raises(KeyError):
        Bag[int]().remove(1)
