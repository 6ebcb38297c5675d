"""The acceptor's signals: a handler records and wakes, the loop works (design section 6)."""

import os
import signal

HANDLED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}


class Signals:
    """What arrived since it was last taken. `descriptor` is readable when there is something."""

    def __init__(self) -> None:
        self._arrived: set[int] = set()
        self.descriptor, writing = os.pipe()
        os.set_blocking(self.descriptor, False)
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for signum in HANDLED:
            signal.signal(signum, self._record)

    def take(self) -> set[int]:
        """The signals that arrived, each once, however often it came."""
        while True:
            try:
                if len(os.read(self.descriptor, 4096)) < 4096:
                    break
            except BlockingIOError:
                break
        arrived, self._arrived = self._arrived, set()
        return arrived

    def _record(self, signum: int, frame: object) -> None:
        self._arrived.add(signum)
