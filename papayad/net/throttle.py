"""Backpressure by not reading: a token bucket over a client's lines (design section 2, [limits]).

A leaf. RECV uses it: nothing is dropped and nobody is thrown out; a fast client is read later. The
acceptor bounds with it how often it writes marks and lines about failures.
"""

from time import monotonic


class Throttle:
    """`burst` lines at once, `rate` lines a second after that."""

    def __init__(self, rate: float, burst: int) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._level = float(burst)
        self._at = monotonic()

    def consume(self, most: int) -> int:
        """How many of `most` lines may pass now; they count as passed."""
        now = monotonic()
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
        passed = min(most, int(self._level))
        self._level -= passed
        return passed

    def wait(self) -> float:
        """Seconds until a line may pass again."""
        return max(0.0, (1.0 - self._level) / self._rate)
