"""Whether a client received what was sent, or messages were lost, repeated, reordered (a leaf).

A message begins with a mark, `^SSSS.QQQQQQQQ.NNNNNNNNNNNNNNNN^`: the sender, its sequence number,
and the monotonic clock in nanoseconds when it was sent. The mark is found wherever in a line a
server puts the text. generator.c has the same rules.
"""

import re
from dataclasses import dataclass

MARK = re.compile(rb"\^(\d{4})\.(\d{8})\.(\d{16})\^")
FILLING = b"the quick brown fox jumps over"


def mark(sender: int, number: int, nanoseconds: int) -> bytes:
    return b"^%04d.%08d.%016d^" % (sender, number, nanoseconds)


@dataclass(frozen=True, slots=True)
class Delivery:
    sender: int
    number: int
    sent: int  # nanoseconds of the monotonic clock


def parse(line: bytes) -> Delivery | None:
    """The message in a line; None when the line is something else."""
    found = MARK.search(line)
    return Delivery(int(found[1]), int(found[2]), int(found[3])) if found else None


class Judge:
    """One client's view of a run. A message that jumps ahead leaves a gap; one that comes late
    fills a gap (reordered) or was there before (repeated)."""

    def __init__(self, first: list[int]) -> None:
        self._next = list(first)
        self._skipped = [0] * len(first)
        self.received = 0
        self.repeated = 0
        self.reordered = 0
        self.order = 0

    def take(self, sender: int, number: int) -> None:
        self.received += 1
        self.order = hash((self.order, sender, number))
        expected = self._next[sender]
        if number >= expected:
            self._skipped[sender] += number - expected
            self._next[sender] = number + 1
        elif self._skipped[sender]:
            self._skipped[sender] -= 1
            self.reordered += 1
        else:
            self.repeated += 1

    def lost(self, sent: list[int]) -> int:
        """How many of all messages that were sent have not come."""
        pairs = zip(sent, self._next, self._skipped, strict=True)
        return sum(skipped + end - expected for end, expected, skipped in pairs)
