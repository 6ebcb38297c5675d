"""Until when each pending connection may wait (design section 8).

Lives in the acceptor. The heap holds only numbers, and void ones are removed from it: in a flood
thousands come each second and are evicted long before their time, and nothing of them may stay.
"""

import heapq
from collections.abc import Iterator
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")

_VOID = 1024  # void entries that the heap may have before it is made anew


class Deadlines(Generic[T]):
    """Times on the monotonic clock. Each member has one; members are hashable."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._numbers: dict[T, int] = {}
        self._members: dict[int, T] = {}
        self._serial = count()

    def set(self, member: T, deadline: float) -> None:
        """Give a member this deadline, instead of the one that it may have."""
        self.forget(member)
        number = next(self._serial)
        self._numbers[member] = number
        self._members[number] = member
        heapq.heappush(self._heap, (deadline, number))

    def forget(self, member: T) -> None:
        self._members.pop(self._numbers.pop(member, -1), None)
        if len(self._heap) > 2 * len(self._members) + _VOID:
            self._heap = [one for one in self._heap if one[1] in self._members]
            heapq.heapify(self._heap)

    def next(self) -> float | None:
        """The earliest deadline, None when there is none."""
        while self._heap and self._heap[0][1] not in self._members:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def overdue(self, now: float) -> Iterator[T]:
        """The members whose time is up, each once; they have no deadline any more."""
        while (deadline := self.next()) is not None and deadline <= now:
            member = self._members[self._heap[0][1]]
            self.forget(member)
            yield member
