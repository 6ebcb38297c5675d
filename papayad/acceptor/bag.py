"""A set that gives one of its members at random, in constant time (design section 8). A leaf.

In a flood the acceptor evicts one of a thousand for every new connection. When it looked at all of
them each time, that took three quarters of its processor time.
"""

import os
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Bag(Generic[T]):
    """Members are hashable, and each is in it once."""

    def __init__(self) -> None:
        self._members: list[T] = []
        self._places: dict[T, int] = {}

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, member: T) -> bool:
        return member in self._places

    def __iter__(self) -> Iterator[T]:
        return iter(self._members)

    def add(self, member: T) -> None:
        self._places[member] = len(self._members)
        self._members.append(member)

    def remove(self, member: T) -> None:
        """Remove a member; the last one takes its place. Raises KeyError."""
        place, last = self._places.pop(member), self._members.pop()
        if place < len(self._members):  # else it was the last one itself
            self._members[place] = last
            self._places[last] = place

    def any(self) -> T:
        """A random member, by the kernel: the random module would be seeded again in each fork."""
        return self._members[int.from_bytes(os.urandom(4), "big") % len(self._members)]
