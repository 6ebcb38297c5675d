"""What group commit would give "disk" durability: a simulation, not a measurement (a leaf).

papayad syncs each append under the log's lock, one after the other. With group commit, all RECVs
that wait for the lock would share the next sync. In the simulation messages come at random times,
with a given rate in all; a sync takes a fixed time; everything else takes none.
"""

import random
from collections.abc import Sequence

from lab.bench.measure.statistics import percentile

_MESSAGES = 20_000


def arrivals(rate: float) -> list[float]:
    """Times in seconds, the same at each call."""
    source = random.Random(1)
    now, times = 0.0, []
    for _ in range(_MESSAGES):
        now += source.expovariate(rate)
        times.append(now)
    return times


def one_by_one(times: Sequence[float], sync: float) -> list[float]:
    """Seconds that each message waits until it is on disk, with a sync for each."""
    free, waits = 0.0, []
    for time in times:
        free = max(free, time) + sync
        waits.append(free - time)
    return waits


def together(times: Sequence[float], sync: float) -> list[float]:
    """The same, if one sync is for all messages that came before it began."""
    free, waits, first = 0.0, [], 0
    while first < len(times):
        begin = max(free, times[first])
        last = first
        while last < len(times) and times[last] <= begin:
            last += 1
        free = begin + sync
        waits += [free - time for time in times[first:last]]
        first = last
    return waits


def p99(rate: float, sync: float) -> tuple[float, float]:
    """In seconds: one by one, and together."""
    times = arrivals(rate)
    return percentile(one_by_one(times, sync), 0.99), percentile(together(times, sync), 0.99)
