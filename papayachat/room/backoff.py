"""How long to wait before the next attempt to connect: longer each time, and never in step.

Without the random part all clients that lost their connection by the same reboot would come back at
the same moment.
"""

import random

SHORTEST_PAUSE = 0.5
LONGEST_PAUSE = 60.0


class Backoff:
    def __init__(self) -> None:
        self._ceiling = SHORTEST_PAUSE

    def delay(self) -> float:
        """Seconds to wait now, between half of a limit and all of it; the limit doubles."""
        ceiling = self._ceiling
        self._ceiling = min(ceiling * 2, LONGEST_PAUSE)
        return random.uniform(ceiling / 2, ceiling)

    def reset(self) -> None:
        self._ceiling = SHORTEST_PAUSE
